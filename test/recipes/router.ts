import { initTRPC, TRPCError } from '@trpc/server'

const { router, procedure } = initTRPC.context<{ user: string | undefined }>().create()
const authorized = procedure.use(({ ctx: { user }, next }) => {
  if (!user) throw new TRPCError({ code: 'UNAUTHORIZED' })
  return next({ ctx: { user } })
})

export const appRouter = router({
  me: authorized.query(({ ctx: { user } }) => ({ user })),
  add: authorized
    .input((value) => value as { title: string })
    .mutation(({ input: { title } }) => ({ title })),
})

export type AppRouter = typeof appRouter
