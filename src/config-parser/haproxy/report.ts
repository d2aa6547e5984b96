/** What checks at the end of a section see of the rest, and where they report to; a LineContext is a Report too. */
import type { Global } from '../../model/global.ts';
import type { Mode } from '../../model/proxy.ts';
import type { LineContext } from '../line-context.ts';
import type { SharedParts } from './shared-parts.ts';

export type Report = Pick<LineContext, 'alert' | 'warn'>;

export interface FinishFacts {
  readonly global: Global;
  /** The mode of a backend, if there is one of that name. */
  readonly modeOf: (backend: string) => Mode | undefined;
  /** Keywords of `global` on lines with mistakes. */
  readonly misreadGlobal: ReadonlySet<string>;
  /** What finished sections have in common. */
  readonly parts: SharedParts;
}
