/** Versions as `ssl-min-ver` and `ssl-max-ver` name them. */
export const TLS_VERSIONS = ['SSLv3', 'TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
