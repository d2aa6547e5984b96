/**
 * Addresses a configuration wants encrypted, which this program would serve in plain text: it does not
 * start with them (docs/decisions/0007-no-plain-text-where-tls-is-asked.md).
 */
import type { Config } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';

interface Place {
  readonly position: Position;
  readonly what: string;
}

/** One text for each such address. */
export function unprotected({ global, logForwards }: Config): readonly string[] {
  const binds = [
    ...global.statsSockets.map(bind => ({ bind, of: 'stats socket' })),
    ...logForwards.flatMap(({ binds: own, name }) =>
      own.map(bind => ({ bind, of: `'bind' of log-forward '${name}'` })),
    ),
  ];
  const places: Place[] = binds
    .filter(({ bind }) => bind.ssl !== undefined)
    .map(({ bind, of }) => ({ position: bind.position, what: of }));
  return places.map(
    ({ position, what }) =>
      `[${position.file}:${position.line}] : ${what} asks for 'ssl', which is not supported yet: not started, so that nothing goes in plain text.`,
  );
}
