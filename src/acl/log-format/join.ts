/** Puts the pieces of a log format together: fixed text is joined at load, blanks side by side merge. */
import type { SampleContext } from '../context.ts';
import type { Append, Render } from './alias.ts';
import type { Piece } from './piece.ts';
import { fuseRuns } from './runs.ts';

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
  const steps = fuseRuns(mergeFixed(pieces)).map(byteStepOf);
  return (ctx, line) => {
    let isSpace = true;
    for (const { fixed, endsInSpace, append } of steps) {
      if (append !== undefined) {
        const before = line.length;
        append(ctx, line);
        if (line.length > before) isSpace = false;
      } else if (fixed !== undefined) {
        line.add(fixed);
        isSpace = endsInSpace;
      } else if (!isSpace) {
        line.addByte(BLANK);
        isSpace = true;
      }
    }
  };
}

interface ByteStep {
  readonly fixed: string | undefined;
  readonly endsInSpace: boolean;
  readonly append: Append | undefined;
}

function byteStepOf(piece: Piece): ByteStep {
  const { text: fixed, endsInSpace } = stepOf(piece);
  if (typeof piece === 'string' || 'space' in piece) return { fixed, endsInSpace, append: undefined };
  const { append, render } = piece;
  return { fixed, endsInSpace, append: append ?? ((ctx, line) => line.add(render(ctx))) };
}

const BLANK = 32;

export function joinRecord(
  members: readonly { readonly key: string; readonly render: Render }[],
  open: string,
  separator: string,
  close: string,
): Render {
  return ctx => open + members.map(({ key, render }) => key + render(ctx)).join(separator) + close;
}
