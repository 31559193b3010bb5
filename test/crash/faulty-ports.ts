import type { Ports } from '../../src/ports.ts';

/** Where a process dies: just before or just after the nth such call to the outside. */
export interface Fault {
  /** `artifacts.archive` */
  readonly call: string;
  readonly when: 'before' | 'after';
  nth: number;
}

/** The real ports; `pass` is told of every call through them, before it goes out and when its answer has come. */
export function faultyPorts(ports: Ports, pass: (call: string, when: 'before' | 'after') => void): Ports {
  const wrap = (port: string, methods: object) =>
    Object.fromEntries(
      Object.entries(methods).map(([method, call]) => [
        method,
        async (...values: unknown[]) => {
          pass(`${port}.${method}`, 'before');
          const answer = await call(...values);
          pass(`${port}.${method}`, 'after');
          return answer;
        },
      ]),
    );
  // Nothing depends on what clusters and telemetry are told.
  const { log, telemetry, clusters, ...outside } = ports;
  const wrapped = Object.entries(outside).map(([port, methods]) => [port, wrap(port, methods)]);
  return { ...Object.fromEntries(wrapped), log, telemetry, clusters } as Ports;
}
