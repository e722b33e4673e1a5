@testable import Gateway
@testable import GatewayHTTP
@testable import GatewaySettings

/// Addresses, durations, sizes, rates and keys in a file: parsed values survive a round trip.
enum SettingCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let text = String(decoding: input, as: UTF8.self)
        var values: [SettingValue] = [.string(text)]
        let lines = text.split(separator: "\n").map { SettingValue.string(String($0)) }
        if lines.count > 1 { values.append(.list(lines)) }
        if let number = Int(text) { values.append(.integer(number)) }
        for value in values {
            try self.check(CIDR.self, value)
            try self.check(ListenAddress.self, value)
            try self.check(TargetURL.self, value)
            try self.check(TimeSpan.self, value)
            try self.check(TimeLimit.self, value)
            try self.check(ByteCount.self, value)
            try self.check(ByteRate.self, value)
            try self.check(Rate.self, value)
            try self.check(Rates.self, value)
            try self.check(AutomaticCount.self, value)
            try self.check(KeySource.self, value)
        }
        try self.checkAddress(text)
        if let names = try? PathPattern.names(in: text) { try hold(names.allSatisfy { !$0.isEmpty }, "an empty name") }
        _ = try? PlaceholderTemplate(text)
        _ = try? EnvironmentVariables(values: ["A": "${A}"]).expand(text)
    }

    private static func check<Value: Setting & Equatable>(
        _: Value.Type,
        _ value: SettingValue
    ) throws(BrokenProperty) {
        do throws(SettingError) {
            let read = try Value(setting: value)
            guard let again = try? Value(setting: read.settingValue), again == read else {
                throw SettingError("\(Value.self)", suggestion: "\(value) is written as \(read.settingValue)")
            }
        } catch {
            try hold(error.problem != "\(Value.self)", error.suggestion)
            try hold(!error.problem.isEmpty && !error.suggestion.isEmpty, "an empty error")
        }
    }

    private static func checkAddress(_ text: String) throws(BrokenProperty) {
        guard let address = IPAddress(text) else { return }
        try hold(IPAddress(address.description) == address, "\(text) is written as \(address)")
        let whole = address.isIPv6 ? 128 : 32
        for prefix in [0, 1, 31, 32, 63, 64, 65, 127, 128, whole + 1] {
            guard let block = CIDR(address, prefix: prefix) else {
                try hold(prefix > whole, "no block of /\(prefix)")
                continue
            }
            try hold(block.contains(address), "\(address)/\(prefix) does not contain its address")
        }
    }
}
