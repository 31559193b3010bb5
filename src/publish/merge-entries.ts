import { isOtherForm, type SourceEntry } from '../build/sources-document.ts';
import { canonicalJson } from '../model/digest.ts';

/** What we wrote is in the order in which we write it: so mostly there is nothing to sort. */
const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b) || canonicalJson(a) === canonicalJson(b);

/** Pure. What stands in the document stays, what the ledger knows is added or put right. */
export function mergeEntries(
  stored: readonly SourceEntry[],
  desired: readonly SourceEntry[],
  otherForms: 'keep other forms' | 'bring to this form',
): { entries: SourceEntry[]; unknown: string[] } {
  const entries = new Map(stored.map((entry) => [entry.name, entry]));
  for (const entry of desired) {
    const existing = entries.get(entry.name);
    const isWhole = existing !== undefined && existing.objects.length === entry.objects.length;
    const keep = isWhole && isOtherForm(existing) && otherForms === 'keep other forms';
    const same = isWhole && isSame(existing.objects, entry.objects);
    if (!keep && !same) entries.set(entry.name, entry);
  }
  const known = new Set(desired.map(({ name }) => name));
  return { entries: [...entries.values()], unknown: [...entries.keys()].filter((name) => !known.has(name)) };
}
