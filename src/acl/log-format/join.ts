/** Puts the pieces of a log format together: fixed text is joined at load, blanks side by side merge. */
import type { ByteLine } from '../../base/byte-line.ts';
import type { SampleContext } from '../context.ts';
import type { Render } from './alias.ts';

export type Append = (ctx: SampleContext, line: ByteLine) => void;

export type Piece =
  | string
  /** A blank that is written once where several meet. */
  | { readonly space: true }
  | { readonly render: Render; readonly maybeNothing: boolean };

export function joinPieces(pieces: readonly Piece[]): Render {
  const settled = mergeFixed(pieces);
  return settled.some(piece => typeof piece === 'object' && 'space' in piece)
    ? joinMerging(settled)
    : joinPlain(settled);
}

/** Text and blanks whose fate is known become one text. */
function mergeFixed(pieces: readonly Piece[]): Piece[] {
  const settled: Piece[] = [];
  // what is behind the last piece written: a blank, something else, or unknown until run time
  let behind: 'space' | 'data' | 'unknown' = 'space';
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      append(settled, piece);
      behind = 'data';
    } else if ('space' in piece) {
      if (behind === 'unknown') settled.push(piece);
      else if (behind === 'data') append(settled, ' ');
      behind = 'space';
    } else {
      settled.push(piece);
      if (!piece.maybeNothing) behind = 'data';
      else if (behind === 'space') behind = 'unknown';
    }
  }
  return settled;
}

function append(pieces: Piece[], text: string): void {
  const last = pieces.at(-1);
  if (typeof last === 'string') pieces[pieces.length - 1] = last + text;
  else pieces.push(text);
}

function joinPlain(pieces: readonly Piece[]): Render {
  const steps = pieces.map(piece =>
    typeof piece === 'string' ? piece : (piece as { render: Render }).render,
  );
  const [first, second, third] = steps;
  if (first === undefined) return () => '';
  if (second === undefined) return typeof first === 'string' ? () => first : first;
  if (third === undefined && typeof first === 'string' && typeof second === 'function')
    return ctx => first + second(ctx);
  return ctx => {
    let text = '';
    for (const step of steps) text += typeof step === 'string' ? step : step(ctx);
    return text;
  };
}

/** One piece, settled at load: fixed text, a blank, or what is rendered. */
interface Step {
  readonly text: string | undefined;
  readonly endsInSpace: boolean;
  readonly render: Render | undefined;
}

function joinMerging(pieces: readonly Piece[]): Render {
  const steps = pieces.map(stepOf);
  return (ctx: SampleContext) => {
    let text = '';
    let isSpace = true;
    for (const { text: fixed, endsInSpace, render } of steps) {
      if (render !== undefined) {
        const value = render(ctx);
        if (value !== '') isSpace = false;
        text += value;
      } else if (fixed !== undefined) {
        text += fixed;
        isSpace = endsInSpace;
      } else if (!isSpace) {
        text += ' ';
        isSpace = true;
      }
    }
    return text;
  };
}

function stepOf(piece: Piece): Step {
  if (typeof piece === 'string') return { text: piece, endsInSpace: piece.endsWith(' '), render: undefined };
  const render = 'render' in piece ? piece.render : undefined;
  return { text: undefined, endsInSpace: render === undefined, render };
}

/** As `joinPieces`, for a line of bytes. */
export function appendPieces(pieces: readonly Piece[]): Append {
  const steps = mergeFixed(pieces).map(piece => {
    const { text, endsInSpace, render } = stepOf(piece);
    return { fixed: text === undefined ? undefined : Buffer.from(text, 'latin1'), endsInSpace, render };
  });
  return (ctx, line) => {
    let isSpace = true;
    for (const { fixed, endsInSpace, render } of steps) {
      if (render !== undefined) {
        const value = render(ctx);
        if (value !== '') isSpace = false;
        line.add(value);
      } else if (fixed !== undefined) {
        line.addBytes(fixed);
        isSpace = endsInSpace;
      } else if (!isSpace) {
        line.addBytes(BLANK);
        isSpace = true;
      }
    }
  };
}

const BLANK = Buffer.from(' ');

export function joinRecord(
  members: readonly { readonly key: string; readonly render: Render }[],
  open: string,
  separator: string,
  close: string,
): Render {
  return ctx => open + members.map(({ key, render }) => key + render(ctx)).join(separator) + close;
}
