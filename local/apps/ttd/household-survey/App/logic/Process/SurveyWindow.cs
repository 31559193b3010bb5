#nullable enable
using System;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Process;

/// <summary>The survey can be started only while it is open.</summary>
public class SurveyWindow(TimeProvider time) : IInstantiationValidator
{
    private static readonly DateOnly _opens = new(2026, 10, 1);
    private static readonly DateOnly _closes = new(2027, 1, 31);

    public Task<InstantiationValidationResult?> Validate(Instance instance)
    {
        DateOnly today = DateOnly.FromDateTime(time.GetLocalNow().Date);
        InstantiationValidationResult? result =
            today >= _opens && today <= _closes
                ? null
                : new InstantiationValidationResult { Valid = false, CustomTextKey = "validation.surveyClosed" };

        return Task.FromResult(result);
    }
}
