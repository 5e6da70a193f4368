/** How a worker ends that finds no Redis at its start: whoever started it starts another. */
export const redisAwayExit = 75;
