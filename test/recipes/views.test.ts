import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { server } from './network.js'

const { session } = await import('recipes/session')
afterAll(() => session.close())

const signIn = async (user = 'ada') => {
  const body = new URLSearchParams({ user, password: 'secret' })
  const login = await fetch('https://app.example.com/login', { method: 'POST', body })
  await session.setTokens(await login.json())
}
const text = () => document.body.textContent!.replace(/\s+/g, ' ').trim()
const shows = (expected: string) => vi.waitFor(() => expect(text()).toBe(expected), 10_000)
const button = () => document.querySelector('button')!

let root: HTMLElement
let unmount: () => void
beforeEach(async () => {
  await signIn()
  await session.logout()
  document.body.innerHTML = ''
  root = document.body.appendChild(document.createElement('main'))
})
afterEach(() => {
  unmount()
  vi.restoreAllMocks()
})

/** Each puts the recipe's component into `root`. */
const views: Record<string, () => Promise<() => void>> = {
  async React() {
    const { createElement } = await import('react')
    const { createRoot } = await import('react-dom/client')
    const { Greeting } = await import('recipes/react')
    const view = createRoot(root)
    view.render(createElement(Greeting))
    return () => view.unmount()
  },
  async Vue() {
    const { createApp } = await import('vue')
    const { default: Greeting } = await import('recipes/Greeting.vue')
    const app = createApp(Greeting)
    app.mount(root)
    return () => app.unmount()
  },
  async Svelte() {
    const svelte = await import('svelte')
    const { default: Greeting } = await import('recipes/Greeting.svelte')
    const component = svelte.mount(Greeting, { target: root })
    return () => void svelte.unmount(component)
  },
}

describe.each(Object.keys(views))('%s, as docs/recipes.md says,', (name) => {
  test('shows who is signed in, follows a logout, and lets go when it is unmounted', async () => {
    const { subscribe } = session
    let subscribed = 0
    vi.spyOn(session, 'subscribe').mockImplementation((listener: () => void) => {
      const off = subscribe(listener)
      subscribed++
      return () => {
        subscribed--
        off()
      }
    })
    unmount = await views[name]!()
    await shows(name === 'React' ? 'You have signed out.' : 'Please sign in.')
    await signIn()
    await shows('Hello there Sign out')
    button().click()
    await shows(name === 'React' ? 'You have signed out.' : 'Please sign in.')
    expect(session.status).toBe('anonymous')

    expect(subscribed).toBe(1)
    unmount()
    unmount = () => {}
    await vi.waitFor(() => expect(subscribed).toBe(0))
  })
})

test('TanStack Query asks when somebody signs in, and forgets when they sign out or somebody else comes', async () => {
  const { createElement } = await import('react')
  const { createRoot } = await import('react-dom/client')
  const { App } = await import('recipes/query')
  const view = createRoot(root)
  view.render(createElement(App))
  unmount = () => view.unmount()
  await shows('Nobody yet.')
  await signIn()
  await shows('You are ada.')
  await signIn('bob')
  await shows('You are bob.')
  const asked = server.authorizations.length
  await session.logout()
  await shows('Nobody yet.')
  expect(server.authorizations).toHaveLength(asked)
})

test('F9: React hydrates what the server rendered, however late', async () => {
  const { createElement } = await import('react')
  const { renderToString } = await import('react-dom/server')
  const { hydrateRoot } = await import('react-dom/client')
  const { Greeting } = await import('recipes/react')
  root.innerHTML = renderToString(createElement(Greeting))
  expect(text()).toBe('…')
  // Storage has been read long before this part of the page hydrates.
  await signIn()
  expect(session.status).toBe('authenticated')
  const errors: unknown[] = []
  const view = hydrateRoot(root, createElement(Greeting), { onRecoverableError: (error) => errors.push(error) })
  unmount = () => view.unmount()
  await shows('Hello there Sign out')
  expect(errors).toEqual([])
})
