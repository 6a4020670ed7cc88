import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Node, parse } from 'acorn'
import { full } from 'acorn-walk'

export const ENGINES = ['chrome', 'firefox', 'safari'] as const
export type Versions = Record<(typeof ENGINES)[number], number>

interface Support {
  version_added: string | boolean | null
  version_removed?: string
  flags?: unknown
}
interface Feature {
  __compat?: { support: Record<string, Support | Support[] | undefined> }
  [member: string]: unknown
}

const NEVER = Infinity
// Read, not imported: vite takes a minute over 20 MB.
const data = createRequire(import.meta.url).resolve('@mdn/browser-compat-data')
const tree = JSON.parse(readFileSync(data, 'utf8')) as { api: Feature; javascript: { builtins: Feature } }

/** From which versions on a member of that name of that interface or global is there; nothing if there are no data. */
export const since = (part: 'api' | 'javascript', holder: string, member: string): Versions | undefined => {
  const all = part === 'api' ? tree.api : tree.javascript.builtins
  const feature = (Object.hasOwn(all, holder) && (all[holder] as Feature)[member]) as Feature | undefined
  return feature?.__compat && (Object.fromEntries(ENGINES.map((engine) => [engine, firstVersion(feature, engine)])) as Versions)
}

/** From which version on an engine has it, by MDN's data. */
const firstVersion = (feature: Feature, engine: string): number => {
  const statements = [feature.__compat?.support[engine] ?? []].flat()
  const versions = statements
    .filter(({ flags, version_removed, version_added }) => !flags && !version_removed && typeof version_added === 'string' && version_added !== 'preview')
    .map(({ version_added }) => Number.parseFloat(String(version_added).replace('≤', '')))
  return Math.min(NEVER, ...versions)
}

/** Every feature of that name: an interface, a global, or a member of any. */
const featuresNamed = (name: string): Feature[] =>
  [tree.api, tree.javascript.builtins]
    .flatMap((root) => [root, ...Object.values(root)] as Feature[])
    .filter((holder) => holder && typeof holder === 'object' && Object.hasOwn(holder, name))
    .map((holder) => holder[name] as Feature)
    .filter((feature) => feature?.__compat)

/** The least that a name can ask of each engine; nothing if the platform has no such name. */
export const needsOf = (name: string): Versions | undefined => {
  const features = featuresNamed(name)
  if (features.length === 0) return
  return Object.fromEntries(ENGINES.map((engine) => [engine, Math.min(...features.map((feature) => firstVersion(feature, engine)))])) as Versions
}

/** Names a program takes from its surroundings or from objects, those its own objects have, and what its syntax has beyond ECMAScript's first years. */
export const namesIn = (code: string, sourceType: 'module' | 'script'): { names: Set<string>; own: Set<string>; syntax: Set<string> } => {
  const names = new Set<string>()
  const own = new Set<string>()
  const syntax = new Set<string>()
  full(parse(code, { ecmaVersion: 2022, sourceType }), (node: Node & Record<string, any>) => {
    if (node.type === 'Identifier') names.add(node.name)
    if (node.type === 'MemberExpression' && !node.computed) names.add(node.property.name)
    if (node.type === 'ObjectPattern') for (const { key } of node.properties) if (key?.name) names.add(key.name)
    if (node.type === 'ObjectExpression') for (const { key } of node.properties) if (key?.name) own.add(key.name)
    if (node.type === 'AssignmentExpression' && node.left.type === 'MemberExpression') own.add(node.left.property.name)
    // Safari has these from 16.4 on only.
    if (node.type === 'StaticBlock') syntax.add('static block')
    if (node.type === 'Literal' && node.regex && /\(\?<[=!]/.test(node.regex.pattern)) syntax.add('lookbehind')
    if (node.type === 'Literal' && node.regex && /[dv]/.test(node.regex.flags)) syntax.add('regular expression flag')
    if (node.type === 'AwaitExpression') syntax.add('await')
    if (node.type === 'PropertyDefinition') syntax.add('class field')
    if (node.type === 'PrivateIdentifier') syntax.add('private name')
    if (node.type === 'AssignmentExpression' && ['??=', '||=', '&&='].includes(node.operator)) syntax.add('logical assignment')
    if (node.type === 'ChainExpression') syntax.add('optional chaining')
    if (node.type === 'BinaryExpression' && node.left.type === 'PrivateIdentifier') syntax.add('private name in')
  })
  return { names, own, syntax }
}
