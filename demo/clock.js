// A classic script, before all others: this machine's clock may be made wrong, in every tab at once.
(() => {
  const KEY = 'latchkey-demo.clock'
  const RealDate = Date
  const read = () => Number(localStorage.getItem(KEY)) || 0
  let offset = read()

  globalThis.Date = class Date extends RealDate {
    constructor(...args) {
      super(...(args.length ? args : [Date.now()]))
    }
    static now() {
      return RealDate.now() + offset
    }
  }
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) offset = read()
  })
  globalThis.demoClock = {
    get offset() {
      return offset
    },
    /** What the clock would say if nobody had touched it. */
    real: () => RealDate.now(),
    set(ms) {
      localStorage.setItem(KEY, ms)
      offset = ms
    },
  }
})()
