import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (text) => createHash('sha256').update(text).digest()

// Two made-up people, shown on the page. A real server keeps salted, slow hashes.
const USERS = [
  { id: 'alice', name: 'Alice', password: digest('wonderland') },
  { id: 'bob', name: 'Bob', password: digest('builder') },
]

export const findUser = (id, password) => {
  const user = USERS.find((one) => one.id === id)
  return user && timingSafeEqual(user.password, digest(password)) ? user : undefined
}
