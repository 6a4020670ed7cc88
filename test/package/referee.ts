import { posix } from 'node:path'
import ts from 'typescript'

/** The law for src/: `files` by their path within it. */
export interface Law {
  /** Every file, in reading order: imports go down the list only. */
  ranking: readonly string[]
  /** The one file that may import a package. */
  owners: Readonly<Record<string, string>>
  /** The files that may touch the browser. */
  mayTouchBrowser: (file: string) => boolean
  longest: number
}

/** Values of lib.dom that only hold data: they read nothing of the page and change nothing in it. */
const HARMLESS = new Set(['AbortController', 'AbortSignal', 'CustomEvent', 'DOMException', 'EventTarget', 'Headers', 'Request', 'Response', 'URL', 'URLSearchParams'])

/** Members that reach for a clock, a timer or chance, of values that are harmless otherwise. */
const HARMFUL_MEMBERS: Readonly<Record<string, readonly string[]>> = { Math: ['random'], AbortSignal: ['timeout'] }

/** Values that are harmful except for members which only compute. */
const HARMLESS_MEMBERS: Readonly<Record<string, readonly string[]>> = { Date: ['parse', 'UTC'] }

const UNSAFE = new Set(['eval', 'Function', 'globalThis'])

/** Every breach of the law, each as a sentence that begins with file and line. */
export function judge(files: ReadonlyMap<string, string>, law: Law): string[] {
  return [...judgeRanking(files, law), ...judgeLength(files, law), ...judgeImports(files, law), ...judgeGlobals(files, law)]
}

function judgeRanking(files: ReadonlyMap<string, string>, { ranking }: Law): string[] {
  return [
    ...[...files.keys()].filter((file) => !ranking.includes(file)).map((file) => `${file} is missing from the ranking`),
    ...ranking.filter((file) => !files.has(file)).map((file) => `${file} is in the ranking but not in src`),
  ]
}

function judgeLength(files: ReadonlyMap<string, string>, { longest }: Law): string[] {
  const lines = (text: string) => text.trimEnd().split('\n').length
  return [...files]
    .filter(([, text]) => lines(text) > longest)
    .map(([file, text]) => `${file} has ${lines(text)} lines, ${longest} is the limit`)
}

/** Types count too: a file that knows another's types depends on it. */
function judgeImports(files: ReadonlyMap<string, string>, { ranking, owners }: Law): string[] {
  const complaints: string[] = []
  for (const [file, text] of files) {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
    for (const { specifier, node } of importsOf(source)) {
      const at = position(source, node)
      if (specifier.startsWith('.')) {
        const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
        if (!files.has(target)) complaints.push(`${at} imports ${target}, which is not in src`)
        else if (ranking.indexOf(target) <= ranking.indexOf(file)) complaints.push(`${at} imports ${target}, which is above it`)
      } else if (owners[specifier] !== file) {
        complaints.push(`${at} imports ${specifier}, which only ${owners[specifier] ?? 'nobody'} may`)
      }
    }
  }
  return complaints
}

function importsOf(source: ts.SourceFile): { specifier: string; node: ts.Node }[] {
  const found: { specifier: string; node: ts.Node }[] = []
  const visit = (node: ts.Node) => {
    const target =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined
    if (target) found.push({ specifier: ts.isStringLiteral(target) ? target.text : target.getText(), node })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/**
 * The compiler says what a name stands for: a name that a file declares itself is its own, whatever it is called;
 * what it does not declare is a global, and the browser's if the browser's library declares it.
 */
function judgeGlobals(files: ReadonlyMap<string, string>, { mayTouchBrowser }: Law): string[] {
  const program = compile(files)
  const checker = program.getTypeChecker()
  const complaints: string[] = []
  for (const file of files.keys()) {
    if (mayTouchBrowser(file)) continue
    const source = program.getSourceFile(SRC + file)!
    const visit = (node: ts.Node) => {
      if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return // a type touches nothing
      if (ts.isIdentifier(node)) {
        const harm = harmOf(node)
        if (harm) complaints.push(`${position(source, node)} touches ${harm}`)
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return complaints

  function harmOf(node: ts.Identifier): string | undefined {
    const { parent, text } = node
    if (!isValue(node)) return
    if (text === 'undefined') return
    const symbol = ts.isShorthandPropertyAssignment(parent)
      ? checker.getShorthandAssignmentValueSymbol(parent)
      : checker.getSymbolAtLocation(node)
    if (text === 'globalThis' && !symbol?.declarations?.length) return 'globalThis'
    if (!symbol) return `${text}, which is declared nowhere`
    const declarations = symbol.declarations ?? []
    const libraries = declarations.map((declaration) => declaration.getSourceFile()).filter((from) => program.isSourceFileDefaultLibrary(from))
    if (libraries.length < declarations.length || libraries.length === 0) return // its own
    const member = ts.isPropertyAccessExpression(parent) && parent.expression === node ? parent.name.text : undefined
    if (HARMFUL_MEMBERS[text]) {
      if (!member && !ts.isNewExpression(parent)) return `${text} as a whole`
      return HARMFUL_MEMBERS[text].includes(member!) ? `${text}.${member}` : undefined
    }
    if (HARMLESS_MEMBERS[text]) return HARMLESS_MEMBERS[text].includes(member!) ? undefined : member ? `${text}.${member}` : text
    const isBrowsers = libraries.every((from) => /\blib\.(dom|webworker)\b/.test(from.fileName))
    return UNSAFE.has(text) || (isBrowsers && !HARMLESS.has(text)) ? text : undefined
  }
}

/** Whether a name is read or called here, and not merely spelled: a member, a label, something declared. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent) || ts.isBindingElement(parent) || ts.isParameter(parent) || ts.isVariableDeclaration(parent)) {
    return parent.initializer === node
  }
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent) || ts.isExportSpecifier(parent)) return false
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent) || ts.isMetaProperty(parent)) return false
  return ts.isExpressionNode(node)
}

const SRC = '/src/'

/** Parsed once: they are big. */
const libraries = new Map<string, ts.SourceFile | undefined>()

function compile(files: ReadonlyMap<string, string>): ts.Program {
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
  // Without it, the compiler looks on the disk for the folder of the files, and finds none of their imports.
  delete host.directoryExists
  host.fileExists = (path) => mine(path) !== undefined || fileExists(path)
  host.readFile = (path) => mine(path) ?? readFile(path)
  host.getSourceFile = (path, ...rest) => {
    const text = mine(path)
    if (text === undefined && !libraries.has(path)) libraries.set(path, getSourceFile(path, ...rest))
    return text === undefined ? libraries.get(path) : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  }
  return ts.createProgram([...files.keys()].map((file) => SRC + file), options, host)
}

function position(source: ts.SourceFile, node: ts.Node): string {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
  return `${source.fileName.replace(SRC, '')}:${line + 1}`
}

/**
 * Every place that hands something to the network, as `file: function(first argument`: a call of what has the type of
 * `fetch`, or of `open` of an XMLHttpRequest.
 */
export function sends(files: ReadonlyMap<string, string>): string[] {
  const program = compile(files)
  const checker = program.getTypeChecker()
  const found: string[] = []
  for (const file of files.keys()) {
    const source = program.getSourceFile(SRC + file)!
    const visit = (node: ts.Node) => {
      if (ts.isCallExpression(node)) {
        const signature = checker.getResolvedSignature(node)
        const [first] = signature?.parameters ?? []
        const takes = first && checker.typeToString(checker.getTypeOfSymbolAtLocation(first, node))
        const gives = signature && checker.typeToString(checker.getReturnTypeOfSignature(signature))
        const isFetch = gives === 'Promise<Response>' && /^[^=]*\b(RequestInfo|URL|Request|string)\b[^=]*$/.test(takes ?? '')
        if (isFetch || /^(super|this|xhr)\.open$|sendBeacon$/.test(node.expression.getText())) {
          found.push(`${file}: ${node.expression.getText()}(${node.arguments[0]?.getText() ?? ''}`)
        }
      }
      if (ts.isNewExpression(node) && /^(EventSource|WebSocket|Worker|Image)$/.test(node.expression.getText())) found.push(`${file}: ${node.getText()}`)
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}
