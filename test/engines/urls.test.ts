import { expect, it } from 'vitest'
import { scenes, signIn } from '../support/index.js'

const ALLOWED = 'https://api.example.com'
const COUNT = 20_000

// What the rule for origins says of a URL, and what the parser of this very engine does.
scenes('The rule for origins', (scene) => {
  it(`S7: agrees with the parser of the engine on ${COUNT} texts that may be URLs, and sends what it decided on`, async () => {
    const tab = await scene.open()
    await signIn(tab, { origins: [ALLOWED] })
    const result = await tab.evaluate(
      async (allowed, count) => {
        let state = 20_26
        const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
        const pick = (items: string[]) => items[Math.floor(random() * items.length)]!
        const parts = [
          ['', '', 'https:', 'HTTPS:', 'https', 'http:', 'blob:https:', 'javascript:', ' https:', '\thttps:', 'ht\ntps:', 'wss:', 'file:', '//', '\u0000https:'],
          ['//', '/', '///', '\\\\', '/\\', '\\/', '', '/\t/', '//\n', ':'],
          ['', '', 'user@', 'api.example.com@', 'a:b@', '@', '%40', 'user\\@', 'api.example.com%40'],
          ['api.example.com', 'API.example.COM', 'api.example.com.', 'api。example．com', 'api.example.com.evil.test', 'evil.test', 'api%2eexample.com', 'ap\ti.example.com', '127.1', '[::1]', 'xn--', 'ａpi.example.com', 'api.example.com\u00ad', ''],
          ['', '', ':443', ':80', ':', ':0443', ':44 3', ':8443', ':https'],
          ['', '/', '/a', '\\a', '/../..', '/%2e%2e/', '/a;b', '?q', '#f', '/@evil.test', '/a?u=https://evil.test', ' ', '\n', '/\ud800'],
        ]
        const different: unknown[] = []
        let attached = 0
        let sent: { url: string; token: boolean } | undefined
        const probe = session.wrapFetch((async (input: RequestInfo | URL, init?: RequestInit) => {
          const url = input instanceof Request ? input.url : String(input)
          sent = { url, token: new Headers(input instanceof Request ? input.headers : init?.headers).has('authorization') }
          return new Response()
        }) as typeof fetch)
        for (let i = 0; i < count; i++) {
          const text = parts.map(pick).join('')
          let href: string | undefined
          let origin: string | undefined
          try {
            const url = new URL(text, location.href)
            ;[href, origin] = [url.href, url.protocol === 'blob:' ? 'blob' : url.origin]
          } catch {}
          sent = undefined
          await probe(text).catch(() => {})
          const { url, token = false } = (sent ?? {}) as { url?: string; token?: boolean }
          if (token) attached++
          // A URL with a user in it is refused by fetch itself, with or without a token.
          const named = href && /^https?:\/\/[^/]*@/.test(href)
          const right = token ? origin === allowed && new URL(url!).href === href : origin !== allowed || named
          if (!right && different.length < 5) different.push({ text, origin, url, token })
        }
        return { attached, different }
      },
      ALLOWED, COUNT,
    )
    expect(result.different).toEqual([])
    expect(result.attached).toBeGreaterThan(COUNT / 50)
  })
})
