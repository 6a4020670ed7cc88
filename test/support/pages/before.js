// Runs ahead of the script under test: notes what there is, and everything that is complained about from now on.
{
  const seen = { violations: [], complaints: [], added: [], globals: [] }
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
    seen.violations.push(`${violatedDirective} ${blockedURI} ${sample}`),
  )
  addEventListener('error', ({ message }) => seen.complaints.push(message))
  addEventListener('unhandledrejection', ({ reason }) => seen.complaints.push(String(reason)))
  const { error } = console
  console.error = (...args) => {
    seen.complaints.push(args.join(' '))
    error(...args)
  }
  globalThis.seen = seen
  seen.globals = Object.getOwnPropertyNames(globalThis)
}
