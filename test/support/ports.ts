import type { Ports } from '../../src/ports.ts';

type Hooks = { [P in keyof Ports]?: { [M in keyof Ports[P]]?: (call: Ports[P][M]) => Ports[P][M] } };

/** The real ports, with some methods wrapped: to do something just before or after, or to fail. */
export function withHooks(ports: Ports, hooks: Hooks): Ports {
  const wrapped: Record<string, unknown> = { ...ports };
  for (const [port, methods] of Object.entries(hooks)) {
    const real = ports[port as keyof Ports] as unknown as Record<string, unknown>;
    const changed: Record<string, unknown> = { ...real };
    for (const [method, wrap] of Object.entries(methods as Record<string, (call: unknown) => unknown>))
      changed[method] = wrap(real[method]);
    wrapped[port] = changed;
  }
  return wrapped as unknown as Ports;
}
