using Altinn.App.Api.Extensions;
using Altinn.App.Api.Helpers;
using Altinn.App.Core.Features;
using System;
using Altinn.App.Logic.Options;
using Altinn.App.Logic.Pdf;
using Altinn.App.Logic.Process;
using Altinn.App.Logic.Processors;
using Altinn.App.Logic.Validators;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi.Models;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

builder.WebHost.ConfigureAppWebHost(args);
builder.Services.AddAltinnAppControllersWithViews();

// Services that belong to this app only.
builder.Services.AddTransient<IFormDataValidator, HouseholdValidator>();
builder.Services.AddTransient<IFormDataValidator, HousingValidator>();
builder.Services.AddTransient<IFormDataValidator, EconomyValidator>();
builder.Services.AddTransient<IFormDataValidator, DailyLifeValidator>();
builder.Services.AddTransient<IDataProcessor, HouseholdProcessor>();
builder.Services.AddTransient<IDataProcessor, HousingProcessor>();
builder.Services.AddTransient<IDataProcessor, EconomyProcessor>();
builder.Services.AddTransient<IAppOptionsProvider, MunicipalityOptions>();
builder.Services.AddTransient<IAppOptionsProvider, BirthYearOptions>();
builder.Services.AddTransient<IInstantiationValidator, SurveyWindow>();
builder.Services.AddTransient<IPdfFormatter, ShortPdf>();
builder.Services.AddSingleton(TimeProvider.System);

builder.Services.AddAltinnAppServices(builder.Configuration, builder.Environment);
builder.Services.AddSwaggerGen(options =>
{
    options.SwaggerDoc("v1", new OpenApiInfo { Title = "ttd/household-survey", Version = "v1" });
    StartupHelper.IncludeXmlComments(options.IncludeXmlComments);
});

WebApplication app = builder.Build();

string applicationId = StartupHelper.GetApplicationId();
if (!string.IsNullOrEmpty(applicationId))
{
    app.UseSwagger(options => options.RouteTemplate = $"{applicationId}/swagger/{{documentName}}/swagger.json");
    app.UseSwaggerUI(options =>
    {
        options.SwaggerEndpoint($"/{applicationId}/swagger/v1/swagger.json", "household-survey");
        options.RoutePrefix = $"{applicationId}/swagger";
    });
}

app.UseAltinnAppCommonConfiguration();
app.Run();
