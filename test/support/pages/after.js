seen.added = Object.getOwnPropertyNames(globalThis).filter((name) => !seen.globals.includes(name))
