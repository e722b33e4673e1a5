extension Bool: Setting {
    public static var shape: SettingShape { .other("boolean", schema: ["type": "boolean"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .boolean(let bool) = value else {
            throw SettingError("is not a boolean", suggestion: "write true or false")
        }
        self = bool
    }

    public var settingValue: SettingValue { .boolean(self) }
}

/// Integers of all widths are one kind of setting.
public protocol IntegerSetting: Setting, FixedWidthInteger {}

extension IntegerSetting {
    public static var shape: SettingShape { .other("integer", schema: ["type": "integer"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .integer(let int) = value else {
            throw SettingError("is not an integer", suggestion: "write a whole number without quotes")
        }
        guard let exact = Self(exactly: int) else {
            throw SettingError("is out of range", suggestion: "write a number from \(Self.min) to \(Self.max)")
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
        default: throw SettingError("is not a number", suggestion: "write a number such as 0.5")
        }
    }

    public var settingValue: SettingValue { .number(self) }
}

extension String: Setting {
    public static var shape: SettingShape { .string("string") }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let string) = value else {
            if case .list(let values) = value {
                let first = values.first.map(\.quoted) ?? "one string"
                throw SettingError("is not a string", suggestion: "write \(first) without brackets")
            }
            throw SettingError("is not a string", suggestion: "put it in quotes")
        }
        self = string
    }

    public var settingValue: SettingValue { .string(self) }
}
