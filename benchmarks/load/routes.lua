-- Asks for one route after the other, so that no cache of the processor holds just the one that is asked for.
-- Arguments: how many routes there are. The end is summary.lua's.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "summary.lua")

local requests, count, at = {}, 0, 0

function init(arguments)
    count = tonumber(arguments[1])
    -- A stride that shares no factor with the count: neighbours in the file are not neighbours in time.
    local stride = 7919
    for number = 1, count do
        requests[number] = wrk.format("GET", "/r" .. ((number * stride) % count) .. "/item")
    end
end

function request()
    at = at % count + 1
    return requests[at]
end
