extension ConfigurationValidator {
    mutating func http2(_ http2: HTTP2Configuration, _ path: SettingPath) {
        within(1...10_000, http2.maxStreams, path + "max_streams")
        within(.kibibytes(64) ... .gibibytes(1), http2.window, path + "window")
        within(.kibibytes(64) ... .gibibytes(1), http2.connectionWindow, path + "connection_window")
        within(.kibibytes(16) ... .mebibytes(15), http2.maxFrame, path + "max_frame")
        if case .every(let interval) = http2.keepalivePing {
            within(.seconds(1) ... .hours(24), interval, path + "keepalive_ping")
        }
    }

    private mutating func within(_ range: ClosedRange<ByteCount>, _ size: ByteCount, _ path: SettingPath) {
        let text = size.settingValue.quoted
        if size < range.lowerBound {
            report(path, "\(text) is too small", "write \(range.lowerBound.settingValue.quoted) or more")
        } else if size > range.upperBound {
            report(path, "\(text) is too large", "write \(range.upperBound.settingValue.quoted) or less")
        }
    }
}
