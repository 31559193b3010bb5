import { MASKINPORTEN_CLIENT, readScopes } from '../build/flux-documents.ts';
import type { BuiltFacts, Deployment } from '../model/deployment.ts';
import type { Studio } from '../model/environments.ts';
import type { ArtifactPath } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { assertLedgerFits, type LedgerFit } from '../publish/publish-release.ts';
import type { ValidArtifact } from './validate-artifact.ts';

/** Who dropped it can't be known: the right to write to the path is all that is checked. */
const DROPPED = 'dropped, unverified';

/** A row in a ledger that fits to what is published. */
export interface Registered {
  readonly deployment: Deployment;
  readonly fit: LedgerFit;
}

/**
 * A valid artifact that nobody asked for over HTTP gets its row, with what the artifact itself says.
 * @throws AppError LEDGER_STALE, LEDGER_FOREIGN, STORAGE_EMPTY: there is no row then
 */
export async function registerDrop(
  ports: Ports,
  studio: Studio,
  path: ArtifactPath,
  artifact: ValidArtifact,
  built: BuiltFacts,
): Promise<Registered> {
  const fit = await assertLedgerFits(ports, studio, path);
  const { manifest } = artifact;
  const deployment = await ports.ledger.registerDrop({
    org: path.org,
    app: path.app,
    environment: path.environment,
    id: path.deploymentId,
    kind: 'deploy',
    tagName: manifest.tagName,
    commit: manifest.source.commit,
    creator: DROPPED,
    resolved: {
      scopes: readScopes(artifact.objects.find(({ kind }) => kind === MASKINPORTEN_CLIENT.kind)),
      releaseScopes: undefined,
      chartVersion: manifest.inputs.chart.version,
      traceparent: ports.telemetry.traceparent(),
      tracestate: undefined,
    },
    built,
    warnings: artifact.warnings,
  });
  return { deployment, fit };
}
