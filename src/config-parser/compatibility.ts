/** The HAProxy this program is compatible with, as `.if version_atleast(...)` and `HAPROXY_BRANCH` see it. */

export const COMPATIBLE_VERSION = '3.4.0';
export const COMPATIBLE_BRANCH = '3.4';

/** What `.if feature(NAME)` answers true for. Whether the kernel signs segments (MD5SIG) is told where it is asked to. */
export const FEATURES: ReadonlySet<string> = new Set([
  'ACCEPT4',
  'ACME',
  'CPU_AFFINITY',
  'CRYPT_H',
  'EPOLL',
  'GETADDRINFO',
  'HAVE_TCP_MD5SIG',
  'HAVE_WORKING_TCP_MD5SIG',
  'LIBCRYPT',
  'LINUX_CAP',
  'LINUX_SPLICE',
  'LINUX_TPROXY',
  'LUA',
  'NETFILTER',
  'NS',
  'OPENSSL',
  'PCRE2',
  'POLL',
  'PROMEX',
  'SSL',
  'SYSTEMD',
  'TFO',
  'THREAD',
  'TPROXY',
  'TRACE',
  'ZLIB',
]);

/** What HAProxy can be built with and this is not. */
export const ABSENT_FEATURES: readonly string[] = [
  '51DEGREES',
  'DEVICEATLAS',
  'ECH',
  'ENGINE',
  'KTLS',
  'OPENSSL_AWSLC',
  'OPENSSL_WOLFSSL',
  'OT',
  'QUIC',
  'SHM_OPEN',
  'WURFL',
];

const STAGES = ['dev', 'pre', 'rc'];

/** `a` against `b` as versions: negative, 0 or positive. Missing components are zero; a `-dev` is below its release. */
export function compareVersions(a: string, b: string): number {
  const left = versionNumbers(a);
  const right = versionNumbers(b);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `3.4-dev5` is below `3.4.0`; what else follows a dash (commit, distribution) does not count. */
function versionNumbers(version: string): number[] {
  const match = /^(\d*)(?:\.(\d+))?(?:\.(\d+))?(?:-(dev|pre|rc)(\d*))?/.exec(version);
  const numbers = [match?.[1], match?.[2], match?.[3]].map(text => Number(text ?? 0));
  const stage = match?.[4] === undefined ? 3 : STAGES.indexOf(match[4]);
  return [...numbers, stage, Number(match?.[5] ?? 0)];
}
