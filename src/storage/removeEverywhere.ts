import { cookies } from '../cookies.js'

/** Removes a cookie under every domain and path that it could have been written with and be seen here. */
export const removeEverywhere = (name: string, attributes: Readonly<Record<string, unknown>>): void => {
  const hosts = location.hostname.split('.')
  const folders = location.pathname.split('/')
  for (const domain of [undefined, ...hosts.map((_, at) => hosts.slice(at).join('.'))]) {
    for (const path of folders.map((_, at) => folders.slice(0, at + 1).join('/'))) {
      for (const end of ['', '/']) {
        for (const partitioned of [false, true]) cookies.remove(name, { ...attributes, domain, path: path + end, partitioned })
      }
    }
  }
}
