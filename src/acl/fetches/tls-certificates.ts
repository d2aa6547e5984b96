/**
 * Fetches on certificates of TLS connections: the client's (`ssl_c_*`), the one presented to it (`ssl_f_*`), the server's
 * (`ssl_s_*`), and what verification said of the client's (manual, section 7.3.4).
 */
import type { CertificateFacts, NameFacts, TlsFacts } from '../../net/tls/tls-facts.ts';
import type { Arguments, ArgumentSpec, Mistake } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { FetchRow, Getter } from '../row.ts';
import type { SampleType } from '../sample.ts';

type CertificateOf = (ctx: SampleContext) => CertificateFacts | undefined;
type Read = (certificate: CertificateFacts) => ReturnType<Getter>;

/** Those of servers too: rules of all places of the life of a client's connection may name them. */
const SOURCES: FetchRow['sources'] = ['client-side connection'];
const NAME_ARGUMENTS: readonly ArgumentSpec[] = ['entry:str?', 'occ:int?', 'format:str?'];

const ofClient: CertificateOf = ctx => ctx.client?.tls?.peerCertificate;
const presented: CertificateOf = ctx => ctx.client?.tls?.ownCertificate;
const ofServer: CertificateOf = ctx => ctx.server?.tls?.peerCertificate;

function row(name: string, out: SampleType, summary: string, get: Getter): FetchRow {
  return { name, out, sources: SOURCES, summary, compile: () => get };
}

function nameRow(
  name: string,
  summary: string,
  nameOf: (ctx: SampleContext) => NameFacts | undefined,
): FetchRow {
  const compile = (args: Arguments): Getter | Mistake => {
    const read = nameReader(args);
    if ('error' in read) return read;
    return ctx => {
      const found = nameOf(ctx);
      return found === undefined ? undefined : read(found);
    };
  };
  return { name, args: NAME_ARGUMENTS, out: 'str', sources: SOURCES, summary, compile };
}

/** An entry comes before a form; the first entry of that name unless another one is asked for. */
function nameReader(args: Arguments): ((name: NameFacts) => string | undefined) | Mistake {
  const entry = args[0]?.text ?? '';
  const occurrence = Number(args[1]?.int ?? 1);
  const format = args[2]?.text ?? '';
  if (format !== '' && format !== 'rfc2253')
    return { error: 'only rfc2253 or a blank value are currently supported as the format argument.' };
  if (entry !== '') return name => name.entry(entry, occurrence);
  return format === 'rfc2253' ? name => name.rfc2253() : name => name.oneLine();
}

/** What can be asked of any certificate. */
function certificateRows(prefix: string, whose: string, certificateOf: CertificateOf): FetchRow[] {
  const word = (name: string, out: SampleType, what: string, read: Read): FetchRow =>
    row(`${prefix}_${name}`, out, `${what} of the ${whose} certificate`, ctx => {
      const certificate = certificateOf(ctx);
      return certificate === undefined ? undefined : read(certificate);
    });
  return [
    row(`${prefix}_der`, 'bin', `${whose} certificate in DER form`, ctx => certificateOf(ctx)?.der),
    nameRow(`${prefix}_i_dn`, `issuer name of the ${whose} certificate`, ctx => certificateOf(ctx)?.issuer),
    nameRow(`${prefix}_s_dn`, `subject name of the ${whose} certificate`, ctx => certificateOf(ctx)?.subject),
    word('key_alg', 'str', 'key algorithm', certificate => certificate.keyAlgorithm),
    word('sig_alg', 'str', 'signature algorithm', certificate => certificate.signatureAlgorithm),
    word('notafter', 'str', 'end date', certificate => certificate.notAfter),
    word('notbefore', 'str', 'start date', certificate => certificate.notBefore),
    word('serial', 'bin', 'serial number', certificate => certificate.serial),
    word('sha1', 'bin', 'SHA-1 fingerprint', certificate => certificate.sha1),
    word('version', 'int', 'version', certificate => certificate.version),
  ];
}

/** Of a handshake that has come to a good end. */
function securedTls({ client }: SampleContext): TlsFacts | undefined {
  return client?.isUnsecured === true ? undefined : client?.tls;
}

/** What verification said of the client's certificate. */
function verificationRow(
  name: string,
  out: SampleType,
  summary: string,
  read: (tls: TlsFacts) => ReturnType<Getter>,
): FetchRow {
  return row(name, out, summary, ctx => {
    const tls = ctx.client?.tls;
    return tls === undefined ? undefined : read(tls);
  });
}

export const TLS_CERTIFICATE_FETCHES: readonly FetchRow[] = [
  ...certificateRows('ssl_c', 'client', ofClient),
  ...certificateRows('ssl_f', 'presented', presented),
  ...certificateRows('ssl_s', 'server', ofServer),
  row(
    'ssl_c_san',
    'str',
    'alternative names of the client certificate',
    ctx => ofClient(ctx)?.alternativeNames,
  ),
  nameRow(
    'ssl_c_r_dn',
    'root name of the client certificate chain',
    ctx => ctx.client?.tls?.rootCertificate?.subject,
  ),
  row(
    'ssl_c_chain_der',
    'bin',
    'chain the client sent with its certificate, in DER form',
    ctx => ctx.client?.tls?.peerChain,
  ),
  row(
    'ssl_s_chain_der',
    'bin',
    'server certificate and its chain in DER form',
    ctx => ctx.server?.tls?.peerChain,
  ),
  verificationRow(
    'ssl_c_used',
    'bool',
    'the session has a client certificate',
    tls => tls.peerCertificate !== undefined,
  ),
  row(
    'ssl_fc_has_crt',
    'bool',
    'the client sent a certificate, and the handshake is over',
    ctx => securedTls(ctx)?.presentedCertificate,
  ),
  row(
    'ssl_c_verify',
    'int',
    'verification result of the client certificate',
    ctx => securedTls(ctx)?.verifyResult,
  ),
  verificationRow('ssl_c_err', 'int', 'first error of the client certificate', tls => tls.certificateError),
  verificationRow(
    'ssl_c_ca_err',
    'int',
    'first error of the client certificate chain',
    tls => tls.chainError,
  ),
  verificationRow('ssl_c_ca_err_depth', 'int', 'depth of the first chain error', tls => tls.chainErrorDepth),
];
