/**
 * Every way a call or a deployment can fail. An error's kind says what happens next, its code what it was.
 *
 * The kinds: `invalid` 400, `denied` 401/403, `missing` 404, `conflict` 409, `rejected` (the artifact can never be
 * right: recorded, not retried; 422 over HTTP), `unavailable` (503; a trigger throws, to be retried), `internal` (our
 * bug), `warning` (never an answer: the deployment goes on and tells of it).
 */
export type ErrorKind =
  | 'invalid'
  | 'denied'
  | 'missing'
  | 'conflict'
  | 'rejected'
  | 'unavailable'
  | 'internal'
  | 'warning';

interface CodeFacts {
  readonly kind: ErrorKind;
  /** Where the kind's usual HTTP status is not the right one. */
  readonly httpStatus?: number;
  readonly meaning: string;
  readonly whatToDo: string;
}

/** The closed list of codes; `docs/errors.md` is held against it by a test. */
export const ERROR_CODES = {
  REQUEST_INVALID: code('invalid', 'The request is not of the documented form.', 'Correct each problem listed.'),
  REQUEST_TOO_LARGE: {
    ...code('invalid', 'The body is too large.', 'Send only the documented fields; the limit is in the message.'),
    httpStatus: 413,
  },
  CONTENT_TYPE_UNSUPPORTED: {
    ...code('invalid', 'The body is not `application/json`.', 'Send JSON, and say so in `Content-Type`.'),
    httpStatus: 415,
  },
  IDEMPOTENCY_KEY_REUSED: {
    ...code('invalid', 'This `Idempotency-Key` came with another body before.', 'Use a new key for a new request.'),
    httpStatus: 422,
  },
  UNAUTHENTICATED: {
    ...code(
      'denied',
      "No valid access token, or no signature of the cluster's key.",
      'Send `Authorization: Bearer` with a token for this API; with an event of a cluster, `X-Signature`.',
    ),
    httpStatus: 401,
  },
  ORG_UNKNOWN: code(
    'missing',
    'There is no such org, or none that the caller may see.',
    'Check the name, or ask for access.',
  ),
  FORBIDDEN: {
    ...code('denied', 'The caller lacks the role that this call needs.', 'Ask for the role named in the message.'),
    httpStatus: 403,
  },
  ROUTE_UNKNOWN: code('missing', 'There is nothing at this path.', 'See the list of calls in `docs/api.md`.'),
  METHOD_NOT_ALLOWED: {
    ...code('invalid', 'The path is there, the method is not.', 'Use a method from the `Allow` header.'),
    httpStatus: 405,
  },
  APP_UNKNOWN: code(
    'missing',
    'Gitea has no such repository, or the app is not known here.',
    'Check org and app; push the app, or deploy it, first.',
  ),
  APP_NAME_UNSUPPORTED: code('invalid', 'A name with `--` cannot name a blob container.', 'Rename the app.'),
  ENVIRONMENT_UNKNOWN: code('missing', 'No such environment is configured.', 'Use one of those in the message.'),
  CLUSTER_UNKNOWN: code('missing', 'The org has no cluster there.', 'Add the org to the environments file.'),
  RELEASE_UNKNOWN: code('missing', 'Studio has no release with this tag.', 'Build the release in Studio first.'),
  RELEASE_NOT_SUCCEEDED: code(
    'conflict',
    'The release was not built successfully.',
    'Build it again, or choose another.',
  ),
  COMMIT_UNKNOWN: code('missing', "The release's commit is not in the repository.", 'Push it, or build a new release.'),
  COMMIT_MISMATCH: code(
    'conflict',
    'The tag names another commit than asserted.',
    'Look at the release; leave `commit` out.',
  ),
  DEPLOYMENT_UNKNOWN: code('missing', 'The app has no such deployment.', 'List its deployments.'),
  DROP_REFUSED: code(
    'missing',
    'An artifact dropped under this id was refused, so there is no deployment.',
    'The problems that follow say why: mend it, and drop it again.',
  ),
  DEPLOYMENT_NOT_ACCEPTED: code(
    'conflict',
    'The deployment has no accepted artifact that could be deployed again.',
    'Choose one that was published before.',
  ),
  ARTIFACT_REMOVED: code('conflict', 'The artifact is gone: it was kept long enough.', 'Deploy its tag anew.'),
  DEPLOYMENT_BLOCKED: code(
    'conflict',
    'The deployment was blocked: it is not to run again.',
    'Choose another, or unblock it.',
  ),
  INPUTS_CHANGED: code(
    'conflict',
    'What would be built is not what was asserted with `ifInputsDigest`.',
    'Look at a new preview, and deploy with its digest.',
  ),
  TOO_MANY_REQUESTS: {
    ...code(
      'unavailable',
      'More deployments are being built than this service takes at once.',
      'Try again after `Retry-After`.',
    ),
    httpStatus: 429,
  },

  GITEA_UNAVAILABLE: code('unavailable', 'Gitea did not answer properly.', 'Try again; see whether Gitea is up.'),
  GITEA_DENIED: code('unavailable', 'Gitea refused our token.', 'Renew `GITEA_TOKEN`.'),
  GITEA_ARCHIVE_INVALID: code(
    'unavailable',
    'The archive from Gitea was cut short, damaged, or of another commit.',
    'Try again; if it stays, look at the repository in Gitea.',
  ),
  DATABASE_UNAVAILABLE: code('unavailable', 'The database did not answer.', 'Try again; see `/api/health`.'),
  IDENTITY_UNAVAILABLE: code(
    'unavailable',
    'No token was to be had for the managed identity, or with `--azure-cli` from the Azure CLI.',
    'Try again; see `docs/operate.md`.',
  ),
  STORAGE_UNAVAILABLE: code('unavailable', 'Blob storage did not answer.', 'Try again; see `/api/health`.'),
  CONFIGURATION_INVALID: code(
    'unavailable',
    'The service is wrongly configured.',
    'See `/api/health` for each problem.',
  ),
  LEDGER_STALE: code(
    'unavailable',
    'Storage names a deployment that the database does not know: the database was restored or emptied.',
    'Restore the newer database, or run `npm run reindex`. Nothing is published for the app before that.',
  ),
  LEDGER_FOREIGN: code(
    'unavailable',
    "The storage holds another installation's documents.",
    'Check the environments file and the database: each installation has its own storage accounts.',
  ),
  STORAGE_EMPTY: code(
    'unavailable',
    'The storage account holds nothing of what the database says was published there.',
    'Check the account in the environments file. If it was really emptied, run `npm run restore`.',
  ),
  PUBLISH_CONTENDED: code('unavailable', 'The document kept changing under us.', 'It is tried again by the timer.'),

  ZIP_STRUCTURE: code('rejected', 'The zip is damaged, or its records contradict each other.', 'Pack it anew.'),
  ZIP_TYPE: code('rejected', 'An entry is not a regular file.', 'Leave out links, devices and folders.'),
  ZIP_UNSUPPORTED: code(
    'rejected',
    'The zip uses a feature that is not taken.',
    'Use plain stored or deflated entries.',
  ),
  ZIP_DATA: code('rejected', "An entry's bytes are not what its record says.", 'Pack it anew.'),
  ZIP_LIMIT: code(
    'rejected',
    'The artifact is over a limit.',
    'Make the repository smaller; the limit is in the message.',
  ),
  FILE_NAME_UNSAFE: code('rejected', 'An entry has a dangerous name.', 'Rename the file.'),
  FILE_NAME_COLLISION: code('rejected', 'Two entries have names that are taken as one.', 'Rename one of them.'),
  MANIFEST_MISSING: code('rejected', '`artifact.json` is not the first entry.', 'Put it first.'),
  MANIFEST_INVALID: code('rejected', '`artifact.json` is not of the documented form.', 'Correct each problem listed.'),
  MANIFEST_MISMATCH: code('rejected', '`artifact.json` says other than what is there.', 'Build the artifact anew.'),
  YAML_INVALID: code('rejected', 'A YAML or JSON file does not parse.', 'Correct the file at the place named.'),
  YAML_UNSAFE: code('rejected', 'A YAML file uses what parsers read differently.', 'Write it out plainly.'),
  VALUES_INVALID: code('rejected', '`deployment/values.yaml` cannot be used.', 'Correct the file at the place named.'),
  APP_METADATA_INVALID: code(
    'rejected',
    '`App/config/applicationmetadata.json` is wrong.',
    'Correct it in the repository.',
  ),
  APP_ID_MISMATCH: code(
    'rejected',
    "The app's metadata names another app.",
    'Set `id` to `{org}/{app}` and `org` to the org.',
  ),
  APP_POLICY_MISSING: code(
    'rejected',
    '`policy.xml` is missing or not XML.',
    'Add `App/config/authorization/policy.xml`.',
  ),
  APP_TEXT_INVALID: code('rejected', 'A text resource file does not parse.', 'Correct the file named.'),
  CHART_TEMPLATES_UNSUPPORTED: code(
    'rejected',
    'Custom chart templates are not supported.',
    'Empty `deployment/templates/`.',
  ),
  SUBMODULE_UNSUPPORTED: code('rejected', 'Git submodules are not supported.', 'Put the files into the repository.'),
  SYMLINK_UNSUPPORTED: code(
    'rejected',
    'Symbolic links are not supported.',
    'Put the file itself into the repository.',
  ),
  KIND_NOT_ALLOWED: code(
    'rejected',
    'A Kubernetes kind that an app may not deploy.',
    'Only what the platform makes is allowed.',
  ),
  RELEASE_POLICY: code('rejected', 'A Kubernetes document breaks the rules.', 'Correct each problem listed.'),
  SECRET_IN_ARTIFACT: code(
    'rejected',
    'A secret stands in clear: refused in what is deployed, a warning in source files.',
    'Take it out, and replace the secret: it has been read. Apps get theirs from the cluster.',
  ),
  ARTIFACT_PATH_INVALID: code(
    'rejected',
    'The blob is not at `{org}/{app}/{environment}/{deploymentId}.zip`.',
    'Upload it at such a path, with a UUID in lower case.',
  ),
  ARTIFACT_DIGEST_MISMATCH: code(
    'rejected',
    'The blob is not the one that was built for this deployment.',
    'Deploy again; someone else wrote to this path.',
  ),
  DROP_NOT_ALLOWED: code('rejected', 'The environment takes no dropped artifacts.', 'Deploy through the API.'),

  LEDGER_REBUILT: code('unavailable', 'It was on its way when the database was lost.', 'Deploy again.'),
  BUILD_ABANDONED: code('unavailable', 'The deployment was not finished in time.', 'Deploy again.'),
  ACCEPT_FAILED: code(
    'unavailable',
    'The artifact could not be accepted, though nothing is known to be wrong with it.',
    'Look at the reason and the log; deploy again.',
  ),
  CLUSTER_FAILED: code(
    'unavailable',
    'The cluster could not apply the release.',
    "Read Helm's message; correct the app or its values and deploy again.",
  ),
  SCOPES_CHANGED: code(
    'warning',
    "The app's Maskinporten scopes are not those that its release was built with.",
    'Nothing, if that was meant: the scopes in Studio now are what is deployed.',
  ),
  PLATFORM_DATA_STAYS: code(
    'warning',
    'Application metadata, policy and texts that Studio sent to the platform stay the newer ones.',
    'If the older version needs its own, let Studio send them again.',
  ),
  SOURCE_IN_USE: code(
    'conflict',
    'The app is deployed there, or on its way there.',
    'Undeploy it first, once what is on its way has ended.',
  ),
  INTERNAL: code('internal', 'A fault of ours.', 'Report it with the deployment id and the time.'),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

function code(kind: ErrorKind, meaning: string, whatToDo: string): CodeFacts {
  return { kind, meaning, whatToDo };
}
