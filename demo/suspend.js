// A classic script, before all others: this document can be made to stand still as a frozen tab does. No page can
// freeze another one for real, so timers, answers, locks and messages are held back until it goes on.
(() => {
  let going = Promise.resolve()
  let stand = false
  const held = (run) => (...args) => (stand ? going.then(() => run(...args)) : run(...args))

  for (const name of ['setTimeout', 'setInterval']) {
    const native = globalThis[name]
    globalThis[name] = (run, ...rest) => native(held(run), ...rest)
  }
  const { fetch } = globalThis
  globalThis.fetch = (...args) => fetch(...args).finally(() => going)

  const { locks } = navigator
  const request = locks.request.bind(locks)
  locks.request = (...args) => request(...args.slice(0, -1), held(args.at(-1)))

  const { set } = Object.getOwnPropertyDescriptor(BroadcastChannel.prototype, 'onmessage')
  Object.defineProperty(BroadcastChannel.prototype, 'onmessage', {
    set(listener) {
      set.call(this, listener && held(listener))
    },
  })

  globalThis.goesOn = () => going
  globalThis.suspend = (ms) => {
    stand = true
    document.body.classList.add('suspended')
    going = new Promise((go) => {
      // The native timer: it is not held back itself.
      parent.setTimeout(() => {
        stand = false
        document.body.classList.remove('suspended')
        go()
      }, ms)
    })
  }
})()
