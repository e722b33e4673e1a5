/// The FNV-1a hash, which is the same in every process. Clients must not choose the input where collisions matter: they are
/// easy to construct.
enum FNV1a {
    static let seed32: UInt32 = 2_166_136_261
    static let seed64: UInt64 = 14_695_981_039_346_656_037

    static func combine(_ hash: UInt32, _ byte: UInt8) -> UInt32 { (hash ^ UInt32(byte)) &* 16_777_619 }
    static func combine(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
}
