-- Each request trades the next refresh token of a file (BENCH_TOKENS, one a line), as `deploy/bench refresh` makes it.
local file = assert(io.open(os.getenv("BENCH_TOKENS")))
local tokens = {}
for line in file:lines() do tokens[#tokens + 1] = line end
file:close()
local position = 0

function request()
  position = position % #tokens + 1
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  if os.getenv("BENCH_CLOSE") then headers["Connection"] = "close" end
  return wrk.format("POST", nil, headers, "grant_type=refresh_token&refresh_token=" .. tokens[position])
end
