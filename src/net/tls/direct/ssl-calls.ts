/**
 * Functions of the OpenSSL that Node carries (SSL_do_handshake(3), BIO_s_mem(3), ERR_peek_error(3)), called through koffi.
 * Addresses are numbers; who calls sees to it that what they stand for is there (ssl.ts).
 */
import type { LibraryHandle } from 'koffi';
import { loadKoffi } from '../../system-calls.ts';

type Address = number;
type Call = (...args: readonly number[]) => number;

const DECLARATIONS = {
  newSsl: 'uintptr_t SSL_new(uintptr_t context)',
  freeSsl: 'void SSL_free(uintptr_t ssl)',
  setPipes: 'void SSL_set_bio(uintptr_t ssl, uintptr_t in, uintptr_t out)',
  beServer: 'void SSL_set_accept_state(uintptr_t ssl)',
  beClient: 'void SSL_set_connect_state(uintptr_t ssl)',
  decodeSession: 'uintptr_t d2i_SSL_SESSION(uintptr_t session, uintptr_t at, long length)',
  setSession: 'int SSL_set_session(uintptr_t ssl, uintptr_t session)',
  freeSession: 'void SSL_SESSION_free(uintptr_t session)',
  offerProtocols: 'int SSL_set_alpn_protos(uintptr_t ssl, uintptr_t names, uint length)',
  agreedProtocol: 'void SSL_get0_alpn_selected(uintptr_t ssl, uintptr_t name, uintptr_t length)',
  read: 'int SSL_read(uintptr_t ssl, uintptr_t out, int length)',
  shakeHands: 'int SSL_do_handshake(uintptr_t ssl)',
  readEarly: 'int SSL_read_early_data(uintptr_t ssl, uintptr_t out, size_t length, uintptr_t read)',
  writeEarly: 'int SSL_write_early_data(uintptr_t ssl, uintptr_t in, size_t length, uintptr_t written)',
  earlyStatus: 'int SSL_get_early_data_status(uintptr_t ssl)',
  onEarly: 'void SSL_CTX_set_allow_early_data_cb(uintptr_t context, uintptr_t callback, uintptr_t argument)',
  announceEarly: 'int SSL_CTX_set_max_early_data(uintptr_t context, uint32_t bytes)',
  takeEarly: 'int SSL_CTX_set_recv_max_early_data(uintptr_t context, uint32_t bytes)',
  optionsOfContext: 'uint64_t SSL_CTX_set_options(uintptr_t context, uint64_t options)',
  mostEarly: 'uint32_t SSL_SESSION_get_max_early_data(uintptr_t session)',
  setNote: 'int SSL_SESSION_set1_ticket_appdata(uintptr_t session, uintptr_t note, size_t length)',
  note: 'int SSL_SESSION_get0_ticket_appdata(uintptr_t session, uintptr_t note, uintptr_t length)',
  errorOf: 'int SSL_get_error(uintptr_t ssl, int result)',
  version: 'int SSL_version(uintptr_t ssl)',
  cipher: 'uintptr_t SSL_get_current_cipher(uintptr_t ssl)',
  cipherToBe: 'uintptr_t SSL_get_pending_cipher(uintptr_t ssl)',
  isResumed: 'int SSL_session_reused(uintptr_t ssl)',
  session: 'uintptr_t SSL_get_session(uintptr_t ssl)',
  sessionBytes: 'int i2d_SSL_SESSION(uintptr_t session, uintptr_t at)',
  masterKey: 'size_t SSL_SESSION_get_master_key(uintptr_t session, uintptr_t out, size_t length)',
  clientRandom: 'size_t SSL_get_client_random(uintptr_t ssl, uintptr_t out, size_t length)',
  serverRandom: 'size_t SSL_get_server_random(uintptr_t ssl, uintptr_t out, size_t length)',
  finished: 'size_t SSL_get_finished(uintptr_t ssl, uintptr_t out, size_t length)',
  peerFinished: 'size_t SSL_get_peer_finished(uintptr_t ssl, uintptr_t out, size_t length)',
  certificate: 'uintptr_t SSL_get_certificate(uintptr_t ssl)',
  certificateBytes: 'int i2d_X509(uintptr_t certificate, uintptr_t at)',
  onCertificate: 'void SSL_CTX_set_verify(uintptr_t context, int mode, uintptr_t callback)',
  verifyResult: 'long SSL_get_verify_result(uintptr_t ssl)',
  peerCertificate: 'uintptr_t SSL_get0_peer_certificate(uintptr_t ssl)',
  peerChain: 'uintptr_t SSL_get_peer_cert_chain(uintptr_t ssl)',
  verifiedChain: 'uintptr_t SSL_get0_verified_chain(uintptr_t ssl)',
  chainLength: 'int OPENSSL_sk_num(uintptr_t chain)',
  chainAt: 'uintptr_t OPENSSL_sk_value(uintptr_t chain, int index)',
  storeError: 'int X509_STORE_CTX_get_error(uintptr_t store)',
  storeDepth: 'int X509_STORE_CTX_get_error_depth(uintptr_t store)',
  storeCertificate: 'uintptr_t X509_STORE_CTX_get0_cert(uintptr_t store)',
  callbackOfContext: 'long SSL_CTX_callback_ctrl(uintptr_t context, int command, uintptr_t callback)',
  control: 'long SSL_ctrl(uintptr_t ssl, int command, long number, uintptr_t pointer)',
  allocate: 'uintptr_t CRYPTO_malloc(size_t length, uintptr_t file, int line)',
  newPipe: 'uintptr_t BIO_new(uintptr_t kind)',
  memoryPipe: 'uintptr_t BIO_s_mem()',
  readPipe: 'int BIO_read(uintptr_t pipe, uintptr_t out, int length)',
  writePipe: 'int BIO_write(uintptr_t pipe, uintptr_t in, int length)',
  clearErrors: 'void ERR_clear_error()',
  firstError: 'ulong ERR_peek_error()',
  onKeyLog: 'void SSL_CTX_set_keylog_callback(uintptr_t context, uintptr_t callback)',
  onProtocols: 'void SSL_CTX_set_alpn_select_cb(uintptr_t context, uintptr_t callback, uintptr_t argument)',
  onNewSession: 'void SSL_CTX_sess_set_new_cb(uintptr_t context, uintptr_t callback)',
  onLookUp: 'void SSL_CTX_sess_set_get_cb(uintptr_t context, uintptr_t callback)',
  controlContext: 'long SSL_CTX_ctrl(uintptr_t context, int command, long number, uintptr_t pointer)',
  announcedNames: 'uintptr_t SSL_CTX_get_client_CA_list(uintptr_t context)',
  copyNames: 'uintptr_t SSL_dup_CA_list(uintptr_t names)',
  announceNames: 'void SSL_CTX_set_client_CA_list(uintptr_t context, uintptr_t names)',
  onTicket: 'long SSL_CTX_set_tlsext_ticket_key_evp_cb(uintptr_t context, uintptr_t callback)',
  aes128Cbc: 'uintptr_t EVP_aes_128_cbc()',
  setCipher:
    'int EVP_CipherInit_ex(uintptr_t to, uintptr_t cipher, uintptr_t engine, uintptr_t key, uintptr_t iv, int seals)',
  setMac: 'int EVP_MAC_CTX_set_params(uintptr_t to, uintptr_t parameters)',
  sizeOf: 'size_t malloc_usable_size(uintptr_t memory)',
  copy: 'uintptr_t memcpy(uintptr_t to, uintptr_t from, size_t length)',
} as const;

export type SslCalls = Readonly<Record<keyof typeof DECLARATIONS, Call>> & {
  /** By the number of an error, `error:0A0000C1:SSL routines::no shared cipher`; it has 256 bytes to write to. */
  readonly errorText: (code: number, memory: Address) => string;
  readonly cipherName: (cipher: Address) => string;
};

let loaded: SslCalls | undefined;
let isMissing = false;

/** Undefined: this Node does not let its OpenSSL be called. */
export function sslCalls(): SslCalls | undefined {
  if (loaded !== undefined || isMissing) return loaded;
  try {
    loaded = load(loadKoffi().load(null));
  } catch {
    isMissing = true;
  }
  return loaded;
}

function load(node: LibraryHandle): SslCalls {
  const declared = Object.entries(DECLARATIONS).map(([name, text]) => [name, node.func(text)]);
  return {
    ...(Object.fromEntries(declared) as Record<keyof typeof DECLARATIONS, Call>),
    errorText: node.func('const char *ERR_error_string(ulong code, uintptr_t memory)'),
    cipherName: node.func('const char *SSL_CIPHER_get_name(uintptr_t cipher)'),
  };
}
