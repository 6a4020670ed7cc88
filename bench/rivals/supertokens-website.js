// Its frontend docs: init() patches fetch; tokens by header, since those in httpOnly cookies are not the page's to handle.
import SuperTokens from 'supertokens-website'

export const about = { package: 'supertokens-website', keeps: 'cookie', acrossTabs: true, own: 'server protocol' }

const init = () => SuperTokens.init({ apiDomain: location.origin, apiBasePath: '/supertokens', tokenTransferMethod: 'header' })

export const open = async () => {
  init()
  return {
    fetch: (url, init) => fetch(url, init),
    signOut: () => SuperTokens.signOut(),
    signedIn: () => SuperTokens.doesSessionExist(),
  }
}

export const seed = async ({ refresh_token }) => {
  init()
  await fetch('/supertokens/signin', { method: 'POST', body: refresh_token })
}
