using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("AslRescue.Intake.Tests")]
