import { type DeployFile, type DeployInputs, ownValues, writeDeployFiles } from '../build/build-artifact.ts';
import { decodeValues } from '../build/check-app.ts';
import { VALUES_FILE, type Values } from '../build/read-values.ts';
import { type Problem, toAppError } from '../errors.ts';
import { type Manifest, SOURCE_FOLDER } from '../model/artifact.ts';
import type { Environment, Studio } from '../model/environments.ts';
import type { TraceContext } from '../model/trace-context.ts';
import { readDocument } from './read-document.ts';

/** What an artifact's documents must rest on: as resolved for the deployment, or for a dropped artifact as Studio has it now. */
export interface ExpectedInputs extends TraceContext {
  readonly chartVersion: string;
  readonly scopes: readonly string[];
  /**
   * A rollback's artifact, made by us of one that was accepted: it may rest on an earlier configuration, and on rules of
   * ours that have changed since. What its values may not do holds all the same.
   */
  readonly acceptedBefore?: boolean;
}

/** What we would write for an artifact's source ourselves. */
export interface OwnDocuments {
  readonly values: Values;
  /** By path. Nobody has checked them. */
  readonly files: ReadonlyMap<string, DeployFile>;
}

/** Or why its source gives no values. */
export function ownDocuments(
  manifest: Manifest,
  contents: ReadonlyMap<string, Buffer>,
  environment: Environment,
  studio: Studio,
  { chartVersion, scopes, traceparent, tracestate }: ExpectedInputs,
): OwnDocuments | { readonly problems: readonly Problem[] } {
  try {
    const inputs: DeployInputs = {
      org: manifest.org,
      app: manifest.app,
      tagName: manifest.tagName,
      deploymentId: manifest.deploymentId,
      ...{ environment, scopes, trace: { traceparent, tracestate } },
      valuesText: decodeValues(contents.get(SOURCE_FOLDER + VALUES_FILE)),
      studio: { ...studio, chart: { ...studio.chart, version: chartVersion } },
    };
    const values = ownValues(inputs);
    return { values, files: new Map(writeDeployFiles(inputs, values).map((file) => [file.path, file])) };
  } catch (error) {
    return { problems: toAppError(error).problems };
  }
}

/** No escape, so that what the text says and what it has are the same characters. */
const PLAIN_TEXT = /^[\n -[\]-~]*$/;

/**
 * What is ours to the byte, and plain, is known: nearly every document is, and to write it takes half the time of reading it.
 * `test/accept/own-documents.test.ts` holds that it would be read as the same.
 */
export function readUnlessOwn(
  path: string,
  content: Buffer,
  own: DeployFile | undefined,
): ReturnType<typeof readDocument> {
  const isOwn = own !== undefined && PLAIN_TEXT.test(own.content) && content.equals(Buffer.from(own.content));
  return isOwn ? { value: own.document, problems: [] } : readDocument(path, content);
}
