/** The answers the balancer gives itself: status, reason and a short page, in the shape HAProxy's have. */
interface ErrorPage {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
}

const SENTENCES: Readonly<Record<number, readonly [reason: string, sentence: string]>> = {
  200: ['OK', 'Service ready.'],
  400: ['Bad request', 'Your browser sent an invalid request.'],
  401: ['Unauthorized', 'You need a valid user and password to access this content.'],
  403: ['Forbidden', 'Request forbidden by administrative rules.'],
  404: ['Not Found', 'The resource could not be found.'],
  405: [
    'Method Not Allowed',
    'A request was made of a resource using a request method not supported by that resource.',
  ],
  407: ['Unauthorized', 'You need a valid user and password to access this content.'],
  408: ['Request Time-out', "Your browser didn't send a complete request in time."],
  410: ['Gone', 'The resource is no longer available and will not be available again.'],
  413: ['Payload Too Large', 'The request entity exceeds the maximum allowed.'],
  414: ['URI Too Long', 'The URI provided was too long for the server to process.'],
  421: ['Misdirected Request', 'Request sent to a non-authoritative server.'],
  422: ['Unprocessable Content', 'The server cannot process the contained instructions.'],
  425: ['Too Early', 'Your browser sent early data.'],
  429: ['Too Many Requests', 'You have sent too many requests in a given amount of time.'],
  431: ['Request Header Fields Too Large', 'Request Header Fields Too Large.'],
  500: ['Internal Server Error', 'An internal server error occurred.'],
  501: ['Not Implemented', 'The server does not support the functionality required to fulfill the request.'],
  502: ['Bad Gateway', 'The server returned an invalid or incomplete response.'],
  503: ['Service Unavailable', 'No server is available to handle this request.'],
  504: ['Gateway Time-out', "The server didn't respond in time."],
  505: ['HTTP Version Not Supported', 'The HTTP version of the request is not supported.'],
};

const UNKNOWN = ['Unknown', 'An error occurred.'] as const;

export function errorPage(status: number): ErrorPage {
  const [reason, sentence] = SENTENCES[status] ?? UNKNOWN;
  const title = `${status} ${reason}`;
  return { status, reason, body: `<html><body><h1>${title}</h1>\n${sentence}\n</body></html>\n` };
}
