export const write = async () => {}
