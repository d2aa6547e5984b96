/** What a log format is made of, as join.ts puts it together. */
import type { Append, Render } from './alias.ts';

export type Piece =
  | string
  /** A blank that is written once where several meet. */
  | { readonly space: true }
  | RenderedPiece;

export interface RenderedPiece {
  readonly render: Render;
  readonly maybeNothing: boolean;
  /** The same without a string. */
  readonly append: Append | undefined;
  /** Its name, where it is written without any flag. */
  readonly alias: string | undefined;
}
