/** How a credential is put on a request. */
export interface Scheme {
  /** What `token_type` must say, in any case. */
  readonly tokenType: string
  header(accessToken: string): [name: string, value: string]
}

/** `Authorization: Bearer …` (RFC 6750 §2.1). */
export const bearer: Scheme = {
  tokenType: 'Bearer',
  header: (accessToken) => ['Authorization', `Bearer ${accessToken}`],
}
