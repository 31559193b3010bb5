import type { BlobFunction } from '../../src/functions/table.ts';
import { invocation } from './invocation.ts';

/** As in Azure: five times without a pause, then the message is poison. */
const TRIES = 5;
const AT_ONCE = 4;

/** Blob events: each at least once, some at once, tried again like in Azure. */
export class BlobQueue {
  private readonly waiting = new Map<string, { definition: BlobFunction; path: string }>();
  private readonly running = new Set<Promise<void>>();
  private readonly definitions: readonly BlobFunction[];

  constructor(definitions: readonly BlobFunction[]) {
    this.definitions = definitions;
  }

  add(container: string, name: string): void {
    const path = `${container}/${name}`;
    for (const definition of this.definitions)
      if (definition.container === container) this.waiting.set(`${definition.name} ${path}`, { definition, path });
    this.start();
  }

  async drain(): Promise<void> {
    this.waiting.clear();
    await Promise.all(this.running);
  }

  private start(): void {
    for (const [key, { definition, path }] of this.waiting) {
      if (this.running.size >= AT_ONCE) return;
      this.waiting.delete(key);
      const work = this.deliver(definition, path).finally(() => {
        this.running.delete(work);
        this.start();
      });
      this.running.add(work);
    }
  }

  private async deliver(definition: BlobFunction, path: string): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        return await definition.handler(undefined, invocation(definition.name, { blobTrigger: path }));
      } catch {
        // The handler has logged it.
      }
    }
  }
}
