namespace AslRescue.LibAsl.Abi;

/// <summary>asl.h: ASL_ERROR_…</summary>
internal enum ErrorPart
{
    All = 0,
    What = 1,
    Where = 2,
    Why = 3,
    Fix = 4,
}

/// <summary>asl.h: ASL_SNAPSHOT_…</summary>
internal enum SnapshotText
{
    Domain = 0,
    Run = 1,
    Case = 2,
    Examiner = 3,
    Note = 4,
    Host = 5,
    Boot = 6,
    Program = 7,
    Compressor = 8,
}

/// <summary>asl.h: ASL_SOURCE_TREE, ASL_SOURCE_IMAGE.</summary>
internal enum SourceKind
{
    Tree = 0,
    Image = 1,
}

/// <summary>asl.h: ASL_SOURCE_READ_ONLY and what follows.</summary>
[Flags]
internal enum SourceFlags
{
    ReadOnly = 1,
    Written = 2,
}

/// <summary>asl.h: ASL_SOURCE_PATH and what follows.</summary>
internal enum SourceText
{
    Path = 0,
    Model = 1,
    Serial = 2,
    WorldWideName = 3,
}

/// <summary>asl.h: ASL_NODE_…</summary>
internal enum NodeText
{
    Name = 0,
    Target = 1,
    HardLink = 2,
}

/// <summary>asl.h: ASL_EXTENT_…</summary>
internal enum ExtentKind
{
    Data = 0,
    Hole = 1,
    Bad = 2,
}

/// <summary>asl.h: ASL_VERIFY_…</summary>
[Flags]
internal enum VerifyFlags
{
    Data = 1,
}
