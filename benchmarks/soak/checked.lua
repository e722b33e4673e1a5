-- wrk counts only statuses as errors. Here every body is compared, and a rate-limited response is not an error.
wrong, limited, passed = 0, 0, 0
local threads = {}

function setup(thread) table.insert(threads, thread) end

function init(args)
    expected = args[1]
    wrong, limited, passed = 0, 0, 0
end

function response(status, headers, body)
    if status == 429 then
        limited = limited + 1
    elseif status == 200 and body == expected then
        passed = passed + 1
    else
        wrong = wrong + 1
    end
end

function done(summary, latency, requests)
    local total = { wrong = 0, limited = 0, passed = 0 }
    for _, thread in ipairs(threads) do
        for key in pairs(total) do total[key] = total[key] + thread:get(key) end
    end
    local errors = summary.errors
    local broken = errors.connect + errors.read + errors.write + errors.timeout
    print(string.format("SOAK %d %d %d %d", total.passed, total.limited, total.wrong, broken))
end
