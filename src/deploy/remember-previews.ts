import type { PreviewedInputs } from './changed-inputs.ts';

/** Of this process only, and only to tell better what has changed: a preview stores nothing. */
const MAX_REMEMBERED = 200;
const remembered = new Map<string, PreviewedInputs>();

export function rememberPreview(inputs: PreviewedInputs): void {
  remembered.delete(inputs.inputsDigest);
  remembered.set(inputs.inputsDigest, inputs);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MAX_REMEMBERED) return;
    remembered.delete(oldest);
  }
}

export const recallPreview = (inputsDigest: string): PreviewedInputs | undefined => remembered.get(inputsDigest);
