using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;
using AslRescue.Testing;

namespace AslRescue.LibAsl.Tests.Abi;

/// <summary>asl.h and Exports.cs say the same: functions, constants, structs.</summary>
public sealed class HeaderTests
{
    /// <summary>Which constants of the header are members of which enum; the longest prefix counts.</summary>
    private static readonly Dictionary<string, Type> Prefixes = new()
    {
        ["ASL_E_"] = typeof(ErrorCode),
        ["ASL_ERROR_"] = typeof(ErrorPart),
        ["ASL_SNAPSHOT_"] = typeof(SnapshotText),
        ["ASL_KIND_"] = typeof(EntryKind),
        ["ASL_PROBLEM_"] = typeof(ProblemKind),
        ["ASL_NODE_"] = typeof(NodeText),
        ["ASL_EXTENT_"] = typeof(ExtentKind),
        ["ASL_VERIFY_"] = typeof(VerifyFlags),
    };

    /// <summary>Three enums share a prefix: names tell which.</summary>
    private static readonly Type[] SourceEnums = [typeof(SourceKind), typeof(SourceFlags), typeof(SourceText)];

    private static readonly Type[] Structs =
        [typeof(ErrorInfo), typeof(OpenOptions), typeof(SnapshotInfo), typeof(SourceInfo), typeof(NodeInfo), typeof(Extent), typeof(VerificationInfo)];

    private static readonly Header Header = new();

    public static TheoryData<string> Compilers => ["gcc", "clang"];

    [Fact]
    public void Every_function_of_the_header_is_exported_with_the_same_parameters_and_no_other_is()
    {
        Assert.True(Header.Functions.Count >= 28);
        Assert.Equal(
            Header.Functions.Select(Signature).Order(StringComparer.Ordinal),
            Exported().Select(Signature).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_function_is_declared_twice_and_each_has_a_word_before_it()
    {
        Assert.Equal(Header.Functions.Count, Header.Functions.Select(function => function.Name).Distinct().Count());
        Assert.All(Header.Functions, function => Assert.StartsWith("asl_", function.Name, StringComparison.Ordinal));
        Assert.All(Exported(), method => Assert.Equal(EntryPoint(method), $"asl_{Snake(method.Name).Replace("get_", "", StringComparison.Ordinal)}"));
    }

    [Fact]
    public void Every_constant_of_the_header_has_the_value_that_the_code_gives_it_and_none_is_left_out()
    {
        var expected = new SortedDictionary<string, int>(StringComparer.Ordinal) { ["ASL_OK"] = Edge.Ok, ["ASL_END"] = Edge.End };
        foreach (var (prefix, type) in Prefixes.Concat(SourceEnums.Select(type => KeyValuePair.Create("ASL_SOURCE_", type))))
        {
            foreach (var value in Enum.GetValues(type).Cast<object>().Where(IsInHeader))
            {
                expected.Add(prefix + Snake(value.ToString()!).ToUpperInvariant(), Convert.ToInt32(value, CultureInfo.InvariantCulture));
            }
        }

        Assert.Equal(expected, new SortedDictionary<string, int>(Header.Constants.ToDictionary(), StringComparer.Ordinal));
        Assert.Contains($"#define ASL_ABI_VERSION {Exports.AbiVersion}\n", Header.Text, StringComparison.Ordinal);
    }

    /// <summary>Errors that reading a store can give: those of stores and servers, and of calls.</summary>
    private static bool IsInHeader(object value) =>
        value is not ErrorCode code || ((int)code / 1000) is 2 or 8 or 9 || code == ErrorCode.EndpointUnreachable;

    [Fact]
    public void Every_struct_of_the_header_has_the_layout_that_a_compiler_gives_it()
    {
        Assert.Equal(Structs.Select(type => "asl_" + Snake(type.Name)).Order(), Header.Structs.Order());
        Assert.SkipUnless(IsThere("gcc"), "gcc is missing");
        var program = new StringBuilder("#include <asl.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n");
        var expected = new StringBuilder();
        foreach (var type in Structs)
        {
            var name = "asl_" + Snake(type.Name);
            program.AppendLine(CultureInfo.InvariantCulture, $"printf(\"{name} %zu\\n\", sizeof({name}));");
            expected.Append(CultureInfo.InvariantCulture, $"{name} {SizeOf(type)}\n");
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            {
                var member = Snake(field.Name);
                program.AppendLine(CultureInfo.InvariantCulture, $"printf(\"{name}.{member} %zu %zu\\n\", offsetof({name}, {member}), sizeof((({name} *)0)->{member}));");
                expected.Append(CultureInfo.InvariantCulture, $"{name}.{member} {Marshal.OffsetOf(type, field.Name)} {SizeOf(field)}\n");
            }
        }

        Assert.Equal(expected.ToString(), Run(program.Append("return 0;\n}\n").ToString()));
    }

    /// <summary>A member that only the header has would not be compared above.</summary>
    [Fact]
    public void Every_struct_of_the_header_has_as_many_members_as_ours()
    {
        foreach (var type in Structs)
        {
            var start = Header.Text.IndexOf($"typedef struct asl_{Snake(type.Name)} {{", StringComparison.Ordinal);
            var body = Header.Text[start..Header.Text.IndexOf('}', start)];
            Assert.Equal(type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Length, body.Count(letter => letter == ';'));
        }
    }

    [Theory]
    [MemberData(nameof(Compilers))]
    public void The_header_compiles_without_a_warning_as_C99_C11_and_Cplusplus(string compiler)
    {
        Assert.SkipUnless(IsThere(compiler), $"{compiler} is missing");
        using var folder = new ScratchFolder();
        foreach (var (language, standard) in (ReadOnlySpan<(string, string)>)[("c", "c99"), ("c", "c11"), ("c++", "c++11"), ("c++", "c++20")])
        {
            File.WriteAllText(folder["use"], "#include <asl.h>\n#include <asl.h>\nint main(void) { return (int)asl_abi_version() - ASL_ABI_VERSION; }\n");
            var (status, output) = Execute(compiler, "-x", language, $"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", Header.Folder, folder["use"]);
            Assert.True(status == 0, $"{compiler} {standard}: {output}");
        }
    }

    private static IEnumerable<MethodInfo> Exported() => typeof(Exports).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        .Where(method => method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>() is not null);

    private static string EntryPoint(MethodInfo method) => method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()!.EntryPoint!;

    private static string Signature(HeaderFunction function) =>
        $"{function.Name}({string.Join(", ", function.Parameters.Select(parameter => $"{Plain(parameter.Type)} {parameter.Name}"))}) {function.Returns}";

    private static string Signature(MethodInfo method) =>
        $"{EntryPoint(method)}({string.Join(", ", method.GetParameters().Select(parameter => $"{Plain(C(parameter.ParameterType))} {Snake(parameter.Name!)}"))}) {C(method.ReturnType)}";

    /// <summary>A handle is its number, and a byte is a byte, whether it is a text's or a key's.</summary>
    private static string Plain(string type) => type.TrimEnd('*') switch
    {
        var handle when Header.Handles.Contains(handle) => "uint64_t" + type[handle.Length..],
        "uint8_t" => "char" + type["uint8_t".Length..],
        _ => type,
    };

    private static string C(Type type) => type.IsPointer ? C(type.GetElementType()!) + "*"
        : type == typeof(int) ? "int32_t"
        : type == typeof(uint) ? "uint32_t"
        : type == typeof(ulong) ? "uint64_t"
        : type == typeof(byte) ? "char"
        : type == typeof(void) ? "void"
        : Structs.Contains(type) ? "asl_" + Snake(type.Name)
        : $"{type} is no type of the header";

    private static string Snake(string name) =>
        string.Concat(name.Select((letter, index) => (char.IsUpper(letter) && index > 0 ? "_" : "") + char.ToLowerInvariant(letter)));

    private static int SizeOf(FieldInfo field) => field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer ? buffer.Length : SizeOf(field.FieldType);

    private static int SizeOf(Type type) => type.IsPointer ? IntPtr.Size : (int)typeof(HeaderTests).GetMethod(nameof(SizeOfUnmanaged), BindingFlags.Static | BindingFlags.NonPublic)!
        .MakeGenericMethod(type).Invoke(null, null)!;

    private static unsafe int SizeOfUnmanaged<T>()
        where T : unmanaged => sizeof(T);

    private static string Run(string program)
    {
        using var folder = new ScratchFolder();
        File.WriteAllText(folder["print.c"], program);
        var (status, output) = Execute("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-I", Header.Folder, "-o", folder["print"], folder["print.c"]);
        Assert.True(status == 0, output);
        return Execute(folder["print"]).Output;
    }

    /// <summary>A compiler that is missing fails where everything is tried.</summary>
    private static bool IsThere(string tool)
    {
        var isThere = Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));
        Assert.True(isThere || Environment.GetEnvironmentVariable("CI") != "true", $"{tool} is missing");
        return isThere;
    }

    private static (int Status, string Output) Execute(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
