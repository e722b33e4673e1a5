extension Bool: Setting {
    public static var shape: SettingShape { .other("boolean", schema: ["type": "boolean"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .boolean(let bool) = value else {
            if case .string(let text) = value, let meant = Self.meaning(of: text) {
                throw SettingError("is not a boolean", suggestion: "write \(meant)")
            }
            throw SettingError("is not a boolean", suggestion: "write true or false")
        }
        self = bool
    }

    public var settingValue: SettingValue { .boolean(self) }

    private static func meaning(of text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }
}

/// An integer of any width.
public protocol IntegerSetting: Setting, FixedWidthInteger {}

extension IntegerSetting {
    public static var shape: SettingShape { .other("integer", schema: ["type": "integer"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .integer(let int) = value else {
            switch value {
            case .string(let text) where Int(text.filter { $0 != " " && $0 != "_" && $0 != "," }) != nil:
                let digits = text.filter { $0 != " " && $0 != "_" && $0 != "," }
                throw SettingError("is not an integer", suggestion: "write \(digits)")
            case .number(let number) where number.isFinite && abs(number) < 1e15:
                throw SettingError("is not an integer", suggestion: "write \(Int(number.rounded()))")
            default: throw SettingError("is not an integer", suggestion: "write a whole number")
            }
        }
        guard let exact = Self(exactly: int) else {
            throw SettingError("is out of range", suggestion: "write \(Self.max) or less")
        }
        self = exact
    }

    public var settingValue: SettingValue { .integer(Int(clamping: self)) }
}

extension Int: IntegerSetting {}
extension Int8: IntegerSetting {}
extension Int16: IntegerSetting {}
extension Int32: IntegerSetting {}
extension Int64: IntegerSetting {}
extension UInt: IntegerSetting {}
extension UInt8: IntegerSetting {}
extension UInt16: IntegerSetting {}
extension UInt32: IntegerSetting {}
extension UInt64: IntegerSetting {}

extension Float: Setting {
    public static var shape: SettingShape { Double.shape }
    public init(setting value: SettingValue) throws(SettingError) { self = Float(try Double(setting: value)) }
    public var settingValue: SettingValue { .number(Double(self)) }
}

extension Double: Setting {
    public static var shape: SettingShape { .other("number", schema: ["type": "number"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .number(let number) where number.isFinite: self = number
        case .integer(let int): self = Double(int)
        case .string(let text) where Double(text)?.isFinite == true:
            throw SettingError("is not a number", suggestion: "write \(text)")
        default: throw SettingError("is not a number", suggestion: "write a number")
        }
    }

    public var settingValue: SettingValue { .number(self) }
}

extension String: Setting {
    public static var shape: SettingShape { .string("string") }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let string) = value else {
            if case .list(let values) = value {
                guard let first = values.first, case .string = first else {
                    throw SettingError("is not a string", suggestion: "write a string")
                }
                throw SettingError("is not a string", suggestion: "write \(first.quoted)")
            }
            if case .table = value { throw SettingError("is not a string", suggestion: "write a string") }
            throw SettingError("is not a string", suggestion: "write \(JSONText.quoted(value.quoted))")
        }
        self = string
    }

    public var settingValue: SettingValue { .string(self) }
}
