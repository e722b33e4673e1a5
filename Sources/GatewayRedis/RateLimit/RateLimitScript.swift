import Crypto
package import GatewayCore
import NIOCore

/// The script by which Redis decides about a request: exactly as `RateLimitRule` does, for all windows at once, by the
/// clock of the server.
///
/// All cells of a key are one string, so a decision touches one key. Lua counts in doubles, whose integers end at 2^53:
/// times are microseconds since 1970, and a cell rate keeps the rest of its time in nanoseconds and their fractions.
package enum RateLimitScript {
    /// The state of a window is three numbers: of a sliding window its number, the requests in it and in the window before;
    /// of a cell rate microseconds, nanoseconds and fractions of the time at which the bucket is full again.
    ///
    /// Returns whether the request is allowed, the time in microseconds, and the numbers of all windows.
    package static let source = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]

        -- a * b / c, rounded down, where a * b may exceed 2^53: a below 2^30, b and c below 2^37.
        local function scaled(a, b, c)
            local high = math.floor(a / 32768)
            local whole = math.floor(high * b / c)
            return whole * 32768 + math.floor(((high * b - whole * c) * 32768 + a % 32768 * b) / c)
        end

        local function sliding(window, current, previous, limit, period, cost)
            local number, left = math.floor(now / period), period - now % period
            if window > number then
                number, left = window, period
            elseif window == number - 1 then
                current, previous = 0, current
            elseif window < number then
                current, previous = 0, 0
            end
            local fits = current + scaled(previous, left, period) + cost <= limit
            return fits, number, current + cost, previous, (number + 2) * period
        end

        local function rate(time, nano, fraction, limit, time1, nano1, fraction1, time2, nano2, fraction2)
            if time < now then time, nano, fraction = now, 0, 0 end
            time, nano, fraction = time + time1, nano + nano1, math.min(fraction, limit - 1) + fraction1
            if fraction >= limit then nano, fraction = nano + 1, fraction - limit end
            if nano >= 1000 then time, nano = time + 1, nano - 1000 end
            local over = time - now - time2
            if over == 0 then over = nano - nano2 end
            if over == 0 then over = fraction - fraction2 end
            return over <= 0, time, nano, fraction, time + 1
        end

        local argument = 0
        local function take()
            argument = argument + 1
            return tonumber(ARGV[argument])
        end

        local windows = take()
        local format = '<' .. string.rep('d', windows * 3)
        local stored = redis.call('GET', KEYS[1])
        local cells
        if stored and #stored == windows * 24 then
            cells = {struct.unpack(format, stored)}
        else
            cells = {}
            for index = 1, windows * 3 do cells[index] = 0 end
        end

        local taken, expiry, allowed = {}, 0, true
        for index = 1, windows * 3, 3 do
            local a, b, c = cells[index], cells[index + 1], cells[index + 2]
            local fits, last
            if take() == 0 then
                fits, a, b, c, last = sliding(a, b, c, take(), take(), take())
            else
                fits, a, b, c, last = rate(a, b, c, take(), take(), take(), take(), take(), take(), take())
            end
            taken[index], taken[index + 1], taken[index + 2] = a, b, c
            allowed = allowed and fits
            expiry = math.max(expiry, last)
        end

        if allowed then
            cells = taken
            -- Not a moment too early, by the clock of the server or of a replica.
            local life = math.ceil((expiry - now) / 1000) + 1000
            redis.call('SET', KEYS[1], struct.pack(format, unpack(cells)), 'PX', string.format('%.0f', life))
        end
        return {allowed and 1 or 0, now, unpack(cells, 1, windows * 3)}
        """

    /// The name of the script on a server that has it.
    package static let digest = Insecure.SHA1.hash(data: Array(Self.source.utf8)).map { byte in
        String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()

    /// The numbers that tell the script a rule.
    package static func arguments(_ rule: RateLimitRule) -> [String] {
        var numbers = [UInt64(rule.windows.count)]
        for window in rule.windows {
            switch window {
            case .sliding(let window): numbers += [0, window.limit, window.period / 1000, window.cost]
            case .cellRate(let rate):
                numbers += [1, rate.limit] + Self.numbers(rate.cost) + Self.numbers(rate.tolerance)
            }
        }
        return numbers.map(String.init)
    }

    private static func numbers(_ span: GenericCellRate.Span) -> [UInt64] {
        [span.nanoseconds / 1000, span.nanoseconds % 1000, span.fraction]
    }

    /// What the script returned, or nil if it is not what this script returns.
    package static func count(_ reply: RedisReply, by rule: RateLimitRule) -> RateLimitCount? {
        guard case .array(let numbers) = reply, numbers.count == 2 + 3 * rule.windows.count,
            case .integer(let allowed) = numbers[0], let now = Self.nanoseconds(numbers[1])
        else { return nil }
        var cells: ContiguousArray<RateLimitCell> = []
        cells.reserveCapacity(rule.windows.count)
        for index in rule.windows.indices {
            guard case .integer(let first) = numbers[2 + 3 * index], case .integer(let second) = numbers[3 + 3 * index],
                case .integer(let third) = numbers[4 + 3 * index]
            else { return nil }
            switch rule.windows[index] {
            case .sliding:
                let time = UInt64(clamping: first)
                let (current, previous) = (UInt32(clamping: second), UInt32(clamping: third))
                cells.append(RateLimitCell(time: time, current: current, previous: previous))
            case .cellRate:
                guard let time = Self.nanoseconds(numbers[2 + 3 * index]) else { return nil }
                let (sum, overflow) = time.addingReportingOverflow(UInt64(clamping: second))
                cells.append(RateLimitCell(time: overflow ? .max : sum, current: UInt32(clamping: third)))
            }
        }
        return RateLimitCount(isAllowed: allowed == 1, now: now, cells: cells)
    }

    private static func nanoseconds(_ reply: RedisReply) -> UInt64? {
        guard case .integer(let microseconds) = reply, microseconds >= 0 else { return nil }
        let (product, overflow) = UInt64(microseconds).multipliedReportingOverflow(by: 1000)
        return overflow ? nil : product
    }
}
