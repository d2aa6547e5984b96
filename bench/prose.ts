/** The body that is compressed. */
const WORDS =
  'the of and to in is that for it as was with be by on not he this are or his from at which but have';

/** The same words in an order that does not repeat itself, so that it compresses about as text does. */
export function prose(bytes: number): string {
  const words = WORDS.split(' ');
  let text = '';
  for (let state = 1; text.length < bytes; state = (state * 48_271) % 2_147_483_647)
    text += `${words[state % words.length]}${state % 7 === 0 ? (state % 9973).toString(36) : ''} `;
  return text.slice(0, bytes);
}
