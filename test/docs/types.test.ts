// @vitest-environment node
import { join } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileScript, parse } from 'vue/compiler-sfc'
import { blocksOf } from '../recipes/blocks.js'
import { root } from '../setup.mjs'
import { documents } from './markdown.js'

/** For blocks that show a detail: what the page has said before. */
const AMBIENT = `export {}\ndeclare global { const session: import('latchkey').Session }`

const WRONG = `import { createSession } from 'latchkey'\ncreateSession({ storge: 1 })\n`

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  jsx: ts.JsxEmit.ReactJSX,
  types: [],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

/** Compiles files that exist in memory only, and answers with what is wrong as `file:line: message`. */
const compile = (files: Map<string, string>): string[] => {
  const disk = ts.createCompilerHost(options)
  const folders = [...files.keys()].map((file) => file.replace(/\/[^/]*$/, ''))
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => files.has(path) || disk.fileExists(path),
    readFile: (path) => files.get(path) ?? disk.readFile(path),
    directoryExists: (path) => folders.includes(path) || disk.directoryExists!(path),
    getSourceFile: (path, version) => {
      const code = files.get(path)
      return code === undefined ? disk.getSourceFile(path, version) : ts.createSourceFile(path, code, version, true)
    },
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start!).line + 1 : 0
    return `${file?.fileName.slice(root.length)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** The blocks of one document that TypeScript can check, each as a file of a folder named after the document. */
const filesOf = (path: string, markdown: string): Map<string, string> => {
  const files = new Map<string, string>()
  for (const { language, code, name, line } of blocksOf(markdown)) {
    const put = (file: string, text: string) => files.set(join(root, `${path}.blocks`, file), text)
    if (language === 'ts' || language === 'tsx') put(name ?? `line-${line}.${language}`, code)
    if (language === 'vue') put(`${name}.ts`, compileScript(parse(code).descriptor, { id: name! }).content)
  }
  return files
}

const checkable = [...documents()]
  .map(([path, markdown]) => [path, filesOf(path, markdown)] as const)
  .filter(([, files]) => files.size > 0)

describe('the code blocks', () => {
  let complaints: string[]
  beforeAll(() => {
    const all = new Map([[join(root, 'ambient.d.ts'), AMBIENT], [join(root, 'docs/x.md.blocks/wrong.ts'), WRONG]])
    for (const [path, files] of checkable) {
      for (const [file, code] of files) all.set(file, code)
      all.set(join(root, `${path}.blocks`, 'router.ts'), `export type { AppRouter } from '${join(root, 'test/recipes/router.js')}'`)
    }
    complaints = compile(all)
  }, 120_000)

  test.each(checkable)('of %s compile against the published types', (path) => {
    expect(complaints.filter((complaint) => complaint.startsWith(path))).toEqual([])
  })

  test('are really checked, and nothing else is complained about', () => {
    const others = complaints.filter((complaint) => !checkable.some(([path]) => complaint.startsWith(path)))
    expect(others).toEqual([expect.stringMatching(/^docs\/x\.md\.blocks\/wrong\.ts:2: .*storge/)])
  })
})
