/// An encoder that records keys, types and values instead of producing output.
final class SettingSchemaRecorder: Encoder {
    typealias Description = (schema: SettingSchema, value: SettingValue?)

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    fileprivate var fields: [SettingTableSchema.Field] = []
    fileprivate var single: Description?
    fileprivate var elements: [Description] = []

    /// Returns the schema of a type, and the given value as it would be written in a file; nil if the type is not a
    /// setting.
    static func describe(_ type: Any.Type, _ value: (any Encodable)?) -> Description? {
        switch type {
        case let type as any Setting.Type:
            return (.leaf(type), (value as? any Setting)?.settingValue)
        case is SettingSource.Type, is SettingDocument.Type, is CertificateContents.Type, is TracingEnvironment.Type:
            return nil
        case is MiddlewareTables.Type:
            return (.middlewares, value.map { .table(($0 as? MiddlewareTables)?.nodes.mapValues(\.value) ?? [:]) })
        case let type as any OptionalSetting.Type:
            return describe(type.wrappedType, value)
        case let type as any ListSetting.Type:
            let elements = (value as? any ListSetting)?.encodableElements
            let schema = describe(type.elementType, nil)?.schema ?? .unknown
            return (
                .list(schema), elements.map { .list($0.compactMap { describe(Swift.type(of: $0), $0)?.value }) }
            )
        case let type as any MapSetting.Type:
            let entries = (value as? any MapSetting)?.encodableEntries
            let schema = describe(type.valueType, nil)?.schema ?? .unknown
            let written = entries?.compactMapValues { describe(Swift.type(of: $0), $0)?.value }
            return (.map(schema), written.map { .table($0) })
        case let type as any (CaseIterable & RawRepresentable).Type where words(of: type) != nil:
            return words(of: type).map { (.word($0), value.flatMap(word).map { .string($0) }) }
        case let type as any SettingTable.Type:
            let recorder = SettingSchemaRecorder()
            try? (value ?? type.init()).encode(to: recorder)
            return recorder.table(of: type, isWritten: value != nil)
        default:
            return value.flatMap { describe(byEncoding: $0) }
        }
    }

    private static func describe(byEncoding value: any Encodable) -> Description? {
        let recorder = SettingSchemaRecorder()
        guard (try? value.encode(to: recorder)) != nil else { return (.unknown, nil) }
        if let single = recorder.single { return single }
        if !recorder.elements.isEmpty {
            return (.list(recorder.elements[0].schema), .list(recorder.elements.compactMap(\.value)))
        }
        return recorder.table(of: type(of: value), isWritten: true)
    }

    private static func words(of type: any (CaseIterable & RawRepresentable).Type) -> [String]? {
        func open<Word: CaseIterable & RawRepresentable>(_ type: Word.Type) -> [String]? {
            Word.RawValue.self == String.self ? type.allCases.compactMap { $0.rawValue as? String } : nil
        }
        return open(type)
    }

    private static func word(_ value: any Encodable) -> String? {
        (value as? any RawRepresentable)?.rawValue as? String
    }

    private func table(of type: Any.Type, isWritten: Bool) -> Description {
        let schema = SettingTableSchema(
            typeName: String(reflecting: type).split(separator: ".").dropFirst().joined(separator: "."),
            fields: fields,
            shorthand: type as? any SettingTableWithShorthand.Type,
            takesMiddlewares: type is RouteConfiguration.Type,
            descriptions: (type as? any DescribedSettings.Type)?.descriptions ?? [:]
        )
        var entries: [String: SettingValue] = [:]
        for field in fields { entries[field.key] = field.defaultValue }
        return (.table(schema), isWritten ? .table(entries) : nil)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Keyed(recorder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { Unkeyed(recorder: self) }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(recorder: self) }
}

extension SettingSchemaRecorder {
    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let recorder: SettingSchemaRecorder
        var codingPath: [any CodingKey] { [] }

        private func note(_ type: Any.Type, _ value: (any Encodable)?, _ key: Key) {
            guard let (schema, value) = SettingSchemaRecorder.describe(type, value) else { return }
            let name = SettingKey.snakeCase(key.stringValue)
            recorder.fields.append(
                SettingTableSchema.Field(key: name, schema: schema, property: key.stringValue, defaultValue: value)
            )
        }

        func encodeNil(forKey key: Key) {}
        func encode<T: Encodable>(_ value: T, forKey key: Key) { note(T.self, value, key) }
        func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) { note(T.self, value, key) }
        func encodeIfPresent(_ value: Bool?, forKey key: Key) { note(Bool.self, value, key) }
        func encodeIfPresent(_ value: String?, forKey key: Key) { note(String.self, value, key) }
        func encodeIfPresent(_ value: Double?, forKey key: Key) { note(Double.self, value, key) }
        func encodeIfPresent(_ value: Int?, forKey key: Key) { note(Int.self, value, key) }

        func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey: Key) -> KeyedEncodingContainer<Nested> {
            KeyedEncodingContainer(SettingSchemaRecorder.Keyed<Nested>(recorder: SettingSchemaRecorder()))
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            Unkeyed(recorder: SettingSchemaRecorder())
        }
        func superEncoder() -> any Encoder { SettingSchemaRecorder() }
        func superEncoder(forKey key: Key) -> any Encoder { SettingSchemaRecorder() }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let recorder: SettingSchemaRecorder
        var codingPath: [any CodingKey] { [] }
        var count: Int { recorder.elements.count }

        func encodeNil() {}
        func encode<T: Encodable>(_ value: T) {
            if let description = SettingSchemaRecorder.describe(T.self, value) { recorder.elements.append(description) }
        }
        func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
            KeyedEncodingContainer(Keyed<Nested>(recorder: SettingSchemaRecorder()))
        }
        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { Unkeyed(recorder: SettingSchemaRecorder()) }
        func superEncoder() -> any Encoder { SettingSchemaRecorder() }
    }

    private struct Single: SingleValueEncodingContainer {
        let recorder: SettingSchemaRecorder
        var codingPath: [any CodingKey] { [] }

        func encodeNil() {}
        func encode<T: Encodable>(_ value: T) {
            recorder.single = SettingSchemaRecorder.describe(T.self, value)
        }
    }
}

// Exposes the element types of the standard containers at run time.

protocol OptionalSetting {
    static var wrappedType: Any.Type { get }
}

extension Optional: OptionalSetting {
    static var wrappedType: Any.Type { Wrapped.self }
}

protocol ListSetting {
    static var elementType: Any.Type { get }
    var encodableElements: [any Encodable] { get }
}

extension Array: ListSetting {
    static var elementType: Any.Type { Element.self }
    var encodableElements: [any Encodable] { compactMap { $0 as? any Encodable } }
}

protocol MapSetting {
    static var valueType: Any.Type { get }
    var encodableEntries: [String: any Encodable] { get }
}

extension Dictionary: MapSetting where Key == String {
    static var valueType: Any.Type { Value.self }
    var encodableEntries: [String: any Encodable] { compactMapValues { $0 as? any Encodable } }
}
