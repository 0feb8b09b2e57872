-- Fetches the token of a random line of a file (BENCH_TARGETS: path, space, caller token), pausing BENCH_PAUSE_MS between
-- two requests of one connection; counts failures, and tokens of the peer that had expired when they arrived.
local file = assert(io.open(os.getenv("BENCH_TARGETS")))
local paths, tokens = {}, {}
for line in file:lines() do
  local path, token = line:match("(%S+) (%S+)")
  paths[#paths + 1], tokens[#tokens + 1] = path, token
end
file:close()
local pause = tonumber(os.getenv("BENCH_PAUSE_MS"))
local threads = {}
fetched, failed, expired = 0, 0, 0

function setup(thread) threads[#threads + 1] = thread end

function init() math.randomseed(7) end

function delay() return pause end

function request()
  local place = math.random(#paths)
  return wrk.format("POST", paths[place], { ["Authorization"] = "Bearer " .. tokens[place] })
end

function response(status, _, body)
  fetched = fetched + 1
  local expiry = body:match("at%.[%w_-]+%.%d+%.(%d+)")
  if status ~= 200 or not expiry then failed = failed + 1 end
  if expiry and tonumber(expiry) < os.time() * 1000 then expired = expired + 1 end
end

function done()
  local total = { 0, 0, 0 }
  for _, thread in ipairs(threads) do
    total = { total[1] + thread:get("fetched"), total[2] + thread:get("failed"), total[3] + thread:get("expired") }
  end
  print(string.format("fetched %d failed %d expired %d", total[1], total[2], total[3]))
end
