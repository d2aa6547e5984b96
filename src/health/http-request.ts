/**
 * The request of an HTTP check (manual, `option httpchk`, `http-check send`): composed once, when checks start.
 * `option httpchk [<method>] [<uri>] [<version>]` gives the base; `http-check send` replaces what it names.
 */
import type { Word } from '../model/word.ts';

interface RequestParts {
  method: string;
  uri: string;
  version: string;
  readonly headers: [name: string, value: string][];
  body: string;
}

export function composeRequest(args: readonly Word[], rules: readonly (readonly Word[])[]): Buffer {
  const parts = fromOption(args.map(word => word.text));
  for (const rule of rules) if (rule[0]?.text === 'send') applySend(parts, rule);
  const lines = [`${parts.method} ${parts.uri} ${parts.version}`];
  for (const [name, value] of parts.headers) lines.push(`${name}: ${value}`);
  if (!parts.headers.some(([name]) => name.toLowerCase() === 'connection')) lines.push('connection: close');
  if (parts.body !== '') lines.push(`content-length: ${Buffer.byteLength(parts.body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${parts.body}`);
}

/** One word alone is the URI. Headers may be glued to the version, as was done before `http-check send`. */
function fromOption(args: readonly string[]): RequestParts {
  const [method = 'OPTIONS', uri = '/', protocol = 'HTTP/1.0', host] =
    args.length === 1 ? ['OPTIONS', args[0] as string] : args;
  const [version = '', ...lines] = protocol.split(/\r?\n/);
  const headers = lines.filter(line => line.includes(':')).map(splitHeader);
  if (host !== undefined) headers.push(['host', host]);
  return { method, uri, version, headers, body: '' };
}

function splitHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}

function applySend(parts: RequestParts, rule: readonly Word[]): void {
  const text = (index: number): string => rule[index]?.text ?? '';
  for (let index = 1; index < rule.length; index += 2) {
    const value = text(index + 1);
    switch (text(index)) {
      case 'meth':
        parts.method = value;
        break;
      case 'uri':
        parts.uri = value;
        break;
      case 'ver':
        parts.version = value;
        break;
      case 'body':
        parts.body = value;
        break;
      case 'hdr':
        parts.headers.push([value.toLowerCase(), text(index + 2)]);
        index++;
    }
  }
}
