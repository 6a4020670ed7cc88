export { simulate } from './fleet.js'
export { latchkey, plain, rivals } from './rules.js'
export { stories } from './stories.js'
