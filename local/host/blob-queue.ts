import type { BlobFunction, FunctionDefinition } from '../../src/functions/table.ts';
import { invocation } from './invocation.ts';

/** As in Azure: five times without a pause, then the message is poison. */
const TRIES = 5;
const AT_ONCE = 4;
const POISON_QUEUE = 'webjobs-blobtrigger-poison';

/** Blob events: each at least once, some at once, tried again like in Azure. */
export class BlobQueue {
  private readonly waiting = new Map<string, { definition: BlobFunction; path: string }>();
  private readonly running = new Set<Promise<void>>();
  private readonly definitions: () => readonly FunctionDefinition[];

  constructor(definitions: () => readonly FunctionDefinition[]) {
    this.definitions = definitions;
  }

  add(container: string, name: string): void {
    const path = `${container}/${name}`;
    for (const definition of this.definitions())
      if (definition.trigger === 'blob' && definition.container === container)
        this.waiting.set(`${definition.name} ${path}`, { definition, path });
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
    const [ContainerName = '', ...name] = path.split('/');
    const message = JSON.stringify({ Type: 'BlobTrigger', ContainerName, BlobName: name.join('/') });
    for (const one of this.definitions())
      if (one.trigger === 'queue' && one.queue === POISON_QUEUE)
        await one.handler(message, invocation(one.name)).catch(() => {});
  }
}
