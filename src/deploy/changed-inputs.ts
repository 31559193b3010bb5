import { type Problem, problem } from '../errors.ts';
import type { Manifest } from '../model/artifact.ts';
import { canonicalJson } from '../model/digest.ts';

/** What `inputsDigest` is over, in the words of a caller. */
export type PreviewedInputs = Pick<Manifest, 'tagName' | 'source' | 'inputs' | 'inputsDigest'>;

const MEANINGS: Readonly<Record<string, string>> = {
  tagName: 'the tag',
  commit: "the release's commit",
  sourceTree: "the repository's files",
  valuesFile: 'deployment/values.yaml',
  scopes: "the Maskinporten scopes in Studio's database",
  releaseScopes: 'the scopes that the release was built with',
  environment: "the environment's configuration",
  chart: 'the chart',
  builder: "this service's rules",
};

/**
 * What has changed since a preview, one problem each. Without the preview (another instance made it, or it is long ago)
 * one problem with what the inputs are now: its caller has those of the preview to compare.
 */
export function changedInputs(before: PreviewedInputs | undefined, now: PreviewedInputs): Problem[] {
  const [was, is] = [before && facts(before), facts(now)];
  const changed = was && Object.keys(is).filter((name) => canonicalJson(was[name]) !== canonicalJson(is[name]));
  if (was === undefined || changed === undefined || changed.length === 0)
    return [
      problem(
        'INPUTS_CHANGED',
        `the inputs have the digest ${now.inputsDigest} now: ${canonicalJson(is)}`,
        'ifInputsDigest',
      ),
    ];
  return changed.map((name) =>
    problem(
      'INPUTS_CHANGED',
      `${MEANINGS[name] ?? name}: ${canonicalJson(was[name])} in the preview, ${canonicalJson(is[name])} now`,
      `inputs.${name}`,
    ),
  );
}

const facts = ({ tagName, source, inputs }: PreviewedInputs): Record<string, unknown> => ({
  tagName,
  commit: source.commit,
  ...inputs,
});
