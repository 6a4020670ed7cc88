import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from '../setup.mjs'
import { ENGINES, since, type Versions } from './features.js'

/** What a program asks of the platform: `AbortSignal.any`, not just `any`. The compiler knows of which object a member is. */
export const membersIn = (files: ReadonlyMap<string, string>): Set<string> => {
  const program = compile(files)
  const checker = program.getTypeChecker()
  const found = new Set<string>()

  const add = (symbol: ts.Symbol | undefined, holder: ts.Type | undefined) => {
    for (const declaration of symbol?.declarations ?? []) {
      if (!program.isSourceFileDefaultLibrary(declaration.getSourceFile())) continue
      // A member belongs to the interface that declares it; of a mixin, such as Body, there is no data under its own name.
      const declared = ts.isInterfaceDeclaration(declaration.parent) ? declaration.parent.name.text : undefined
      // Static members are declared in the type of a variable: `declare var AbortSignal: { any(…): AbortSignal }`.
      const variable = ts.isTypeLiteralNode(declaration.parent) && ts.isVariableDeclaration(declaration.parent.parent) ? declaration.parent.parent.name.getText() : undefined
      for (const name of [declared, variable, holder?.getSymbol()?.name]) if (name) found.add(`${name.replace(/Constructor$/, '')}.${symbol!.name}`)
    }
  }
  for (const file of files.keys()) {
    const visit = (node: ts.Node): void => {
      if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return
      if (ts.isPropertyAccessExpression(node)) add(checker.getSymbolAtLocation(node.name), checker.getTypeAtLocation(node.expression))
      if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
        const holder = checker.getTypeAtLocation(node.expression)
        add(holder.getProperty(node.argumentExpression.text), holder)
      }
      // `const { reason } = signal`
      if (ts.isObjectBindingPattern(node)) {
        const holder = checker.getTypeAtLocation(node)
        for (const { propertyName, name } of node.elements) {
          const key = propertyName ?? name
          if (ts.isIdentifier(key)) add(sourceOf(checker, node).getProperty(key.text) ?? holder.getProperty(key.text), sourceOf(checker, node))
        }
      }
      ts.forEachChild(node, visit)
    }
    visit(program.getSourceFile(SRC + file)!)
  }
  return found
}

/** The type of what a pattern takes apart; that of the pattern itself knows nothing of where its members come from. */
const sourceOf = (checker: ts.TypeChecker, pattern: ts.ObjectBindingPattern): ts.Type => {
  const { parent } = pattern
  if (ts.isParameter(parent) && parent.type) return checker.getTypeFromTypeNode(parent.type)
  if (ts.isVariableDeclaration(parent) && parent.initializer) return checker.getTypeAtLocation(parent.initializer)
  return checker.getTypeAtLocation(pattern)
}

/** What a member asks of each engine; nothing if there are no data about it. */
export const needsOfMember = (member: string): Versions | undefined => {
  const [holder, name] = member.split('.') as [string, string]
  const features = ['api', 'javascript'].flatMap((root) => [name, `${name}_static`].flatMap((key) => since(root as 'api', holder, key) ?? []))
  if (features.length === 0) return
  return Object.fromEntries(ENGINES.map((engine) => [engine, Math.min(...features.map((versions) => versions[engine]))])) as Versions
}

export const sources = (): Map<string, string> => {
  const folder = join(root, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

const SRC = '/src/'
const compile = (files: ReadonlyMap<string, string>): ts.Program => {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    strict: true,
  }
  const host = ts.createCompilerHost(options, true)
  const { getSourceFile, fileExists, readFile } = host
  const mine = (path: string) => (path.startsWith(SRC) ? files.get(path.slice(SRC.length)) : undefined)
  delete host.directoryExists
  host.fileExists = (path) => mine(path) !== undefined || fileExists(path)
  host.readFile = (path) => mine(path) ?? readFile(path)
  host.getSourceFile = (path, ...rest) => {
    const text = mine(path)
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  }
  return ts.createProgram([...files.keys()].map((file) => SRC + file), options, host)
}
